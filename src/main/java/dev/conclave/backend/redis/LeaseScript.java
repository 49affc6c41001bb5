package dev.conclave.backend.redis;

import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/**
 * The one script in which every lease changes: a list of operations in, a list of answers out.
 *
 * <p>A record is one hash:
 *
 * <ul>
 *   <li>{@code by}: {@code held:<token>} or {@code offered:<token>}; {@code until}: its end. Once
 *       that is past, the lease is free whatever {@code by} says.
 *   <li>{@code fence}, {@code owner}, {@code since}, {@code metadata} of the latest holding.
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
 */
final class LeaseScript {
  /** How long an offer stands before it goes to the next in line. */
  static final Duration OFFER = Duration.ofMillis(500);

  private static final String LUA =
      """
      local time = redis.call('TIME')
      local now = time[1] * 1000000 + time[2]
      local retention, channel, counted = tonumber(ARGV[1]), ARGV[2], ARGV[3] == '1'

      local function int(number)
        return string.format('%.0f', number)
      end

      -- The record outlives the lease, so that its fence is remembered, but not for ever.
      local function keep(key, micros)
        redis.call('PEXPIRE', key, int(math.ceil(micros / 1000) + retention))
      end

      local function hint(key, watched)
        if watched and tonumber(watched) > now then
          redis.call('PUBLISH', key, '')
        end
      end

      local function view(key, by, till, fence)
        local more = redis.call('HMGET', key, 'owner', 'since', 'metadata')
        local offered = string.sub(by, 1, 8) == 'offered:'
        return {
          more[1], tonumber(fence or 0), offered and 0 or now - tonumber(more[2]),
          tonumber(till) - now, offered and '' or more[3]
        }
      end

      -- The first place in line whose patience is not over. Drops what stands before it.
      local function head(key, first, last)
        while first <= last do
          local token = redis.call('HGET', key, 'turn:' .. first)
          local place = token and redis.call('HGET', key, 'place:' .. token)
          if place then
            local till, number, client, owner =
              string.match(place, '^%d+ (%d+) (%d+) (%S+) (.*)$')
            if tonumber(till) > now then
              return first, token, number, client, owner
            end
          end
          if token then
            redis.call('HDEL', key, 'turn:' .. first, 'place:' .. token)
          end
          first = first + 1
        end
        return first
      end

      local function join(key, first, last, token, owner, number, patience)
        local place = redis.call('HGET', key, 'place:' .. token)
        local seat = place and string.match(place, '^%d+')
        if not seat then
          local from = head(key, tonumber(first or 1), tonumber(last or 0))
          seat = int(tonumber(last or 0) + 1)
          redis.call('HSET', key, 'first', int(from), 'last', seat, 'turn:' .. seat, token)
        end
        redis.call('HSET', key, 'place:' .. token,
          seat .. ' ' .. int(now + patience) .. ' ' .. number .. ' ' .. channel .. ' ' .. owner)
      end

      local function leave(key, token)
        local place = redis.call('HGET', key, 'place:' .. token)
        if place then
          redis.call('HDEL', key, 'place:' .. token, 'turn:' .. string.match(place, '^%d+'))
        end
      end

      -- Offers the lease to the first in line, or leaves it free. A client that nobody hears has
      -- died and is passed over; when none is heard, the first gets the offer all the same.
      local function vacate(key, till, first, last)
        local heir, label
        if last then
          local from, to = tonumber(first), tonumber(last)
          while from <= to do
            local seat, token, number, client, owner = head(key, from, to)
            from = seat
            if not token then break end
            redis.call('HDEL', key, 'turn:' .. seat, 'place:' .. token)
            from = seat + 1
            local heard = redis.call('PUBLISH', client, number)
            if heard > 0 or not counted then
              heir, label = token, owner
              break
            end
            if not heir then heir, label = token, owner end
          end
          if from > to then
            redis.call('HDEL', key, 'first', 'last')
          else
            redis.call('HSET', key, 'first', int(from))
          end
        end
        if heir then
          redis.call('HSET', key, 'by', 'offered:' .. heir, 'owner', label,
            'until', int(now + $OFFER))
          keep(key, $OFFER)
        else
          redis.call('HSET', key, 'until', '0')
          if till - now > retention * 1000 then keep(key, 0) end
        end
        return heir and 2 or 0
      end

      local function acquire(key, a)
        local token, duration, owner = ARGV[a], tonumber(ARGV[a + 1]), ARGV[a + 2]
        local metadata, patience, number = ARGV[a + 3], ARGV[a + 4], ARGV[a + 5]
        local r = redis.call('HMGET', key, 'by', 'until', 'fence', 'watched', 'last')
        local by, till, fence, last = r[1], r[2], r[3], r[5]
        local live = by and till and tonumber(till) > now
        local mine = live and by == 'held:' .. token
        if live and not mine and by ~= 'offered:' .. token then
          if number ~= '' then
            local first = last and redis.call('HGET', key, 'first')
            join(key, first, last, token, owner, number, tonumber(patience))
          end
          return view(key, by, till, fence)
        end
        if last then leave(key, token) end
        if mine then
          redis.call('HSET', key, 'until', int(now + duration), 'owner', owner,
            'metadata', metadata)
        else
          fence = int(math.max(tonumber(fence or 0) + 1, now))
          redis.call('HSET', key, 'by', 'held:' .. token, 'until', int(now + duration),
            'fence', fence, 'owner', owner, 'since', int(now), 'metadata', metadata)
          hint(key, r[4])
        end
        keep(key, duration)
        return tonumber(fence)
      end

      local function extend(key, a)
        local token, duration = ARGV[a], tonumber(ARGV[a + 1])
        local r = redis.call('HMGET', key, 'by', 'until')
        if r[1] ~= 'held:' .. token or tonumber(r[2]) <= now then return 0 end
        redis.call('HSET', key, 'until', int(now + duration))
        keep(key, duration)
        return 1
      end

      local function release(key, a)
        local token = ARGV[a]
        local r = redis.call('HMGET', key, 'by', 'until', 'watched', 'first', 'last')
        if r[5] then leave(key, token) end
        if not r[1] or tonumber(r[2]) <= now then return 0 end
        local held = r[1] == 'held:' .. token
        if not held and r[1] ~= 'offered:' .. token then return 0 end
        local offered = vacate(key, tonumber(r[2]), r[4], r[5])
        hint(key, r[3])
        return (held and 1 or 0) + offered
      end

      local function revoke(key)
        local r = redis.call('HMGET', key, 'by', 'until', 'watched', 'first', 'last')
        if not r[1] or tonumber(r[2]) <= now or string.sub(r[1], 1, 5) ~= 'held:' then
          return 0
        end
        local offered = vacate(key, tonumber(r[2]), r[4], r[5])
        hint(key, r[3])
        return 1 + offered
      end

      -- An offer that nobody claimed goes to the next. Answers how long an offer still stands.
      local function lapse(key)
        local r = redis.call('HMGET', key, 'by', 'until', 'watched', 'first', 'last')
        if not r[1] or string.sub(r[1], 1, 8) ~= 'offered:' or r[2] == '0' then return 0 end
        local left = tonumber(r[2]) - now
        if left > 0 then return left end
        local offered = vacate(key, now, r[4], r[5])
        hint(key, r[3])
        return offered > 0 and $OFFER or 0
      end

      local function find(key)
        local r = redis.call('HMGET', key, 'by', 'until', 'fence')
        if not r[1] or tonumber(r[2]) <= now or string.sub(r[1], 1, 5) ~= 'held:' then
          return false
        end
        return view(key, r[1], r[2], r[3])
      end

      local function owns(key, a)
        local r = redis.call('HMGET', key, 'by', 'until')
        return r[1] == 'held:' .. ARGV[a] and tonumber(r[2]) > now and 1 or 0
      end

      local function watch(key, a)
        local micros = tonumber(ARGV[a])
        redis.call('HSET', key, 'watched', int(now + micros))
        if redis.call('PTTL', key) < micros / 1000 then keep(key, micros) end
        return 1
      end

      local function advance(key, a)
        local mark, held = ARGV[a], redis.call('GET', key)
        if held and tonumber(held) >= tonumber(mark) then return 0 end
        redis.call('SET', key, mark, 'PX', ARGV[a + 1])
        return 1
      end

      local operations = {
        acquire = {acquire, 6}, extend = {extend, 2}, release = {release, 1},
        revoke = {revoke, 0}, lapse = {lapse, 0}, find = {find, 0}, owns = {owns, 1},
        watch = {watch, 1}, advance = {advance, 2}
      }
      local answers, a = {}, 4
      for i, key in ipairs(KEYS) do
        local operation = operations[ARGV[a]]
        local done, answer = pcall(operation[1], key, a + 1)
        if not done then
          answer = type(answer) == 'table' and answer.err or tostring(answer)
        end
        answers[i] = answer
        a = a + 1 + operation[2]
      end
      return answers
      """
          .replace("$OFFER", Long.toString(OFFER.toMillis() * 1000));

  private static final String SHA = sha1(LUA);

  private final String retention;
  private final String channel;
  private final boolean counted;

  /**
   * The script as one client calls it.
   *
   * @param retention how long a record outlives its lease
   * @param channel the channel on which this client hears that a waiter's turn has come
   * @param counted whether the number that PUBLISH answers includes every subscriber
   */
  LeaseScript(Duration retention, String channel, boolean counted) {
    this.retention = Long.toString(retention.toMillis());
    this.channel = channel;
    this.counted = counted;
  }

  /** The call by the script's digest; fails with NOSCRIPT on a server that does not have it. */
  Request byDigest(List<LeaseOp> operations) {
    return call(Command.EVALSHA, SHA, operations);
  }

  /** The call that brings the script with it. */
  Request inFull(List<LeaseOp> operations) {
    return call(Command.EVAL, LUA, operations);
  }

  private Request call(Command command, String script, List<LeaseOp> operations) {
    Request request = Request.cmd(command).arg(script).arg(operations.size());
    for (LeaseOp operation : operations) {
      request.arg(operation.record());
    }
    request.arg(retention).arg(channel).arg(counted ? "1" : "0");
    for (LeaseOp operation : operations) {
      operation.appendTo(request);
    }
    return request;
  }

  private static String sha1(String script) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      return HexFormat.of().formatHex(digest.digest(script.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
