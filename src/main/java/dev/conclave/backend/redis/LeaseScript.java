package dev.conclave.backend.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/**
 * The one script in which every lease changes: a list of operations in, a list of answers out.
 *
 * <p>A record is one hash. Its field {@code lease} has all that an uncontended operation needs, so
 * that such a one reads and writes a single field:
 *
 * <pre>{@code <until> <fence> <since> <flag><state>:<token>\n<owner>\n<metadata>}</pre>
 *
 * <ul>
 *   <li>The three times have 16 digits, so they compare as strings. Once {@code until} is past, the
 *       lease is free whatever the state says, which is {@code held}, {@code offered} or {@code
 *       free}. Tokens, owners and JSON have no line breaks.
 *   <li>The flag is {@code +} when the record has more fields, else {@code -}.
 *   <li>{@code first} and {@code last} number the line, {@code turn:<number>} is the token at a
 *       place and {@code place:<token>} what is known of it: number, end of patience, the waiter's
 *       number at its client, that client's channel, owner. So joining, leaving and calling the
 *       next cost the same however long the line is.
 *   <li>{@code watched}: until when somebody wants hints.
 * </ul>
 *
 * <p>All times are microseconds of the server's clock. A register is a plain string.
 *
 * <p>Arguments for all: idle retention (ms), this client's channel, whether {@code PUBLISH} counts
 * everybody who hears it. Then per key: the operation and its own arguments. An answer is a number,
 * an array (a lease as anyone may see it), nil (none) or a string: the error of this operation
 * alone.
 *
 * <p>What few operations need is defined when it is needed: every definition costs time in each
 * run.
 */
final class LeaseScript {
  /** How long an offer stands before it goes to the next in line. */
  static final Duration OFFER = Duration.ofMillis(500);

  private static final String LUA =
      """
      local call, sub, format = redis.call, string.sub, string.format
      local time = call('TIME')
      local now = time[1] * 1000000 + time[2]
      local clock = format('%016.0f', now)

      local function view(lease)
        local owner, metadata = string.match(lease, '\\n([^\\n]*)\\n(.*)$')
        local offered = sub(lease, 53, 60) == 'offered:'
        return {
          owner, tonumber(sub(lease, 18, 33)), offered and 0 or now - sub(lease, 35, 50),
          sub(lease, 1, 16) - now, metadata
        }
      end

      -- Operations on a record that has a line, or somebody who watches it.
      local function others(key, lease)
        local self = {}

        local function int(number)
          return format('%.0f', number)
        end

        local function write(till, flag, state)
          call('HSET', key, 'lease', till .. sub(lease, 17, 51) .. flag .. state)
        end

        function self.hint()
          local watched = call('HGET', key, 'watched')
          if watched and tonumber(watched) > now then
            call('PUBLISH', key, '')
          end
        end

        -- The first place in line whose patience is not over. Drops what stands before it.
        local function head(first, last)
          while first <= last do
            local token = call('HGET', key, 'turn:' .. first)
            local place = token and call('HGET', key, 'place:' .. token)
            if place then
              local till, number, client, owner =
                string.match(place, '^%d+ (%d+) (%d+) (%S+) (.*)$')
              if tonumber(till) > now then
                return first, token, number, client, owner
              end
            end
            if token then
              call('HDEL', key, 'turn:' .. first, 'place:' .. token)
            end
            first = first + 1
          end
          return first
        end

        function self.join(token, owner, patience, number)
          local place = call('HGET', key, 'place:' .. token)
          local seat = place and string.match(place, '^%d+')
          if not seat then
            local ends = call('HMGET', key, 'first', 'last')
            local last = tonumber(ends[2] or 0)
            local first = head(tonumber(ends[1] or 1), last)
            seat = int(last + 1)
            call('HSET', key, 'first', int(first), 'last', seat, 'turn:' .. seat, token)
          end
          call('HSET', key, 'place:' .. token,
            seat .. ' ' .. int(now + patience) .. ' ' .. number .. ' ' .. ARGV[2] .. ' ' .. owner)
          write(sub(lease, 1, 16), '+', sub(lease, 53))
        end

        function self.leave(token)
          local place = call('HGET', key, 'place:' .. token)
          if place then
            call('HDEL', key, 'place:' .. token, 'turn:' .. string.match(place, '^%d+'))
          end
        end

        -- Offers the lease to the first in line, or leaves it free. A client that nobody hears has
        -- died and is passed over; when none is heard, the first gets the offer all the same.
        function self.vacate()
          local more = call('HMGET', key, 'first', 'last', 'watched')
          local heir, label
          local from, to = tonumber(more[1] or 1), tonumber(more[2] or 0)
          while from <= to do
            local seat, token, number, client, owner = head(from, to)
            from = seat
            if not token then break end
            call('HDEL', key, 'turn:' .. seat, 'place:' .. token)
            from = seat + 1
            local heard = call('PUBLISH', client, number)
            if heard > 0 or ARGV[3] ~= '1' then
              heir, label = token, owner
              break
            end
            if not heir then heir, label = token, owner end
          end
          local flag = '+'
          if from <= to then
            call('HSET', key, 'first', int(from))
          else
            if more[2] then call('HDEL', key, 'first', 'last') end
            if not more[3] or tonumber(more[3]) <= now then flag = '-' end
          end
          if heir then
            write(format('%016.0f', now + $OFFER), flag, 'offered:' .. heir .. '\\n' .. label .. '\\n')
          else
            write('0000000000000000', flag, 'free:\\n\\n')
          end
          call('PEXPIRE', key, int(ARGV[1] + $OFFER / 1000))
          if more[3] then self.hint() end
          return heir and 2 or 0
        end

        function self.watch(micros, ttl)
          lease = lease or string.rep('0000000000000000 ', 3) .. '+free:\\n\\n'
          call('HSET', key, 'watched', int(now + micros))
          write(sub(lease, 1, 16), '+', sub(lease, 53))
          if call('PTTL', key) < tonumber(ttl) then call('PEXPIRE', key, ttl) end
          return 1
        end

        return self
      end

      local function advance(key, mark, ttl)
        local reached = call('GET', key)
        if reached and tonumber(reached) >= tonumber(mark) then return 0 end
        call('SET', key, mark, 'PX', ttl)
        return 1
      end

      local function run(operation, key, a)
        if operation == 'advance' then return advance(key, ARGV[a], ARGV[a + 1]) end
        local lease = call('HGET', key, 'lease')
        local live = lease and sub(lease, 1, 16) > clock
        local more = lease and sub(lease, 52, 52) == '+'

        if operation == 'acquire' or operation == 'wait' then
          local token, owner = ARGV[a], ARGV[a + 3]
          local held = 'held:' .. token .. '\\n'
          local mine = live and sub(lease, 53, 52 + #held) == held
          if live and not mine and sub(lease, 53, 61 + #token) ~= 'offered:' .. token .. '\\n' then
            if operation == 'wait' then
              others(key, lease).join(token, owner, ARGV[a + 5], ARGV[a + 6])
            end
            return view(lease)
          end
          local fence, since = clock, clock
          if mine then
            fence, since = sub(lease, 18, 33), sub(lease, 35, 50)
          elseif lease and sub(lease, 18, 33) >= clock then
            fence = format('%016.0f', sub(lease, 18, 33) + 1)
          end
          call('HSET', key, 'lease', format('%016.0f', now + ARGV[a + 1]) .. ' ' .. fence .. ' '
            .. since .. (more and ' +' or ' -') .. held .. owner .. '\\n' .. ARGV[a + 4])
          call('PEXPIRE', key, ARGV[a + 2])
          if more then
            local rest = others(key, lease)
            rest.leave(token)
            if not mine then rest.hint() end
          end
          return tonumber(fence)
        end

        if operation == 'release' then
          local token = ARGV[a]
          local held = live and sub(lease, 53, 58 + #token) == 'held:' .. token .. '\\n'
          if more then
            local rest = others(key, lease)
            rest.leave(token)
            if held then return 1 + rest.vacate() end
            if live and sub(lease, 53, 61 + #token) == 'offered:' .. token .. '\\n' then
              return rest.vacate()
            end
            return 0
          end
          if not held and not (live
              and sub(lease, 53, 61 + #token) == 'offered:' .. token .. '\\n') then
            return 0
          end
          call('HSET', key, 'lease',
            '0000000000000000' .. sub(lease, 17, 51) .. '-free:\\n\\n')
          -- What is left of the time to live is at most that of the lease and the retention.
          if sub(lease, 1, 16) - now > ARGV[1] * 1000 then call('PEXPIRE', key, ARGV[1]) end
          return held and 1 or 0
        end

        if operation == 'extend' then
          local held = 'held:' .. ARGV[a] .. '\\n'
          if not live or sub(lease, 53, 52 + #held) ~= held then return 0 end
          call('HSET', key, 'lease', format('%016.0f', now + ARGV[a + 1]) .. sub(lease, 17))
          call('PEXPIRE', key, ARGV[a + 2])
          return 1
        end

        if operation == 'find' then
          return live and sub(lease, 53, 57) == 'held:' and view(lease)
        end

        if operation == 'owns' then
          local held = 'held:' .. ARGV[a] .. '\\n'
          return live and sub(lease, 53, 52 + #held) == held and 1 or 0
        end

        if operation == 'revoke' then
          return live and sub(lease, 53, 57) == 'held:' and 1 + others(key, lease).vacate() or 0
        end

        if operation == 'watch' then
          return others(key, lease).watch(ARGV[a], ARGV[a + 1])
        end

        -- lapse: an offer that nobody claimed goes to the next. Answers how long one still stands.
        if not lease or sub(lease, 53, 60) ~= 'offered:' then return 0 end
        if live then return sub(lease, 1, 16) - now end
        return others(key, lease).vacate() > 0 and $OFFER or 0
      end

      local sizes = {
        acquire = 5, wait = 7, extend = 3, release = 1, owns = 1, watch = 2, advance = 2
      }
      local answers, a = {}, 4
      for i, key in ipairs(KEYS) do
        local operation = ARGV[a]
        local done, answer = pcall(run, operation, key, a + 1)
        if not done then
          answer = type(answer) == 'table' and answer.err or tostring(answer)
        end
        answers[i] = answer
        a = a + 1 + (sizes[operation] or 0)
      end
      return answers
      """
          .replace("$OFFER", Long.toString(OFFER.toMillis() * 1000));

  private static final byte[] FULL = LUA.getBytes(UTF_8);
  private static final byte[] DIGEST = sha1(FULL).getBytes(UTF_8);

  private final byte[] retention;
  private final byte[] channel;
  private final byte[] counted;

  /**
   * The script as one client calls it.
   *
   * @param retention how long a record outlives its lease
   * @param channel the channel on which this client hears that a waiter's turn has come
   * @param counted whether the number that PUBLISH answers includes every subscriber
   */
  LeaseScript(Duration retention, String channel, boolean counted) {
    this.retention = Long.toString(retention.toMillis()).getBytes(UTF_8);
    this.channel = channel.getBytes(UTF_8);
    this.counted = (counted ? "1" : "0").getBytes(UTF_8);
  }

  /** The call by the script's digest; fails with NOSCRIPT on a server that does not have it. */
  Request byDigest(List<LeaseOp> operations) {
    return call(Command.EVALSHA, DIGEST, operations);
  }

  /** The call that brings the script with it. */
  Request inFull(List<LeaseOp> operations) {
    return call(Command.EVAL, FULL, operations);
  }

  private Request call(Command command, byte[] script, List<LeaseOp> operations) {
    Request request = Request.cmd(command).arg(script).arg(operations.size());
    for (LeaseOp operation : operations) {
      request.arg(operation.record());
    }
    request.arg(retention).arg(channel).arg(counted);
    for (LeaseOp operation : operations) {
      operation.appendTo(request);
    }
    return request;
  }

  private static String sha1(byte[] script) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      return HexFormat.of().formatHex(digest.digest(script));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
