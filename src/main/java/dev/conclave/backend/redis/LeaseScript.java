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
 * <pre>{@code <until> <fence> <since> <kept> <flag><state>:<token>\n<owner>\n<metadata>}</pre>
 *
 * <ul>
 *   <li>The four times have 16 digits, so they compare as strings. Once {@code until} is past, the
 *       lease is free whatever the state says, which is {@code held}, {@code offered} or {@code
 *       free}. Tokens, owners and JSON have no line breaks.
 *   <li>{@code kept} is one retention before the key expires, which is for garbage only: as long as
 *       no lease runs beyond it, the expiry need not be set anew. To set it costs the server as
 *       much as all the rest of an acquire; so it is set one more retention ahead.
 *   <li>The flag is {@code +} when the record has more fields, else {@code -}.
 *   <li>{@code first} and {@code last} number the line, {@code seen} is the place at which it was
 *       last looked whether its waiter still waits, {@code packed} the last one up to which there
 *       are no gaps, {@code turn:<number>} is the token at a place and {@code place:<token>} what
 *       is known of it: number, end of patience, the waiter's number at its client, that client's
 *       channel, owner. So joining, leaving and calling the next cost the same however long the
 *       line is.
 *   <li>{@code watched}: until when somebody wants hints.
 * </ul>
 *
 * <p>All times are microseconds of the server's clock. A register is a plain string. In the code,
 * 104, 111, 43 and 10 are the bytes of {@code h}(eld), {@code o}(ffered), {@code +} and the line
 * break.
 *
 * <p>Operations that differ in nothing but record and token make a run and say what they have in
 * common once ({@link RedisRequest#follows}), for every argument costs the server time. The
 * script's arguments are: idle retention (µs); this client's channel, behind {@code 1} when {@code
 * PUBLISH} counts everybody who hears it; the time after which the client no longer waits for the
 * answer, and nothing is granted, extended, revoked or set back; then per run the operation, how
 * many they are, their terms, and what each has of its own. An answer is a number, an array (a
 * lease as anyone may see it), nil (none) or a string: the error of this operation alone.
 *
 * <p>What few operations need is defined when it is needed, and functions share few variables: both
 * cost time in each call.
 */
final class LeaseScript {
  /** How long an offer stands before it goes to the next in line. */
  static final Duration OFFER = Duration.ofMillis(500);

  private static final String LUA =
      """
      local call = redis.call
      local time = call('TIME')
      local clock = time[1] .. ('%06d'):format(time[2])

      -- Whether the record's state begins with this byte, and its token, at this place, is that one.
      local function is(lease, state, from, token)
        local stop = from + #token
        return lease:byte(70) == state and lease:sub(from, stop - 1) == token
          and lease:byte(stop) == 10
      end

      -- What is rarely done, to a record that has a line, or somebody who watches it, above all.
      local function others(key, lease)
        local self, now = {}, tonumber(clock)

        local function int(number)
          return ('%.0f'):format(number)
        end

        -- Sees to it that the key outlives what runs until then by the retention.
        function self.keep(till)
          call('PEXPIREAT', key, int((till + 2 * ARGV[1]) / 1000))
          return ('%016.0f'):format(till + ARGV[1])
        end

        -- Writes the lease anew, which runs until then, while the record matters until another time.
        local function change(till, matters, state)
          local kept = lease:sub(52, 67)
          if kept < matters then kept = self.keep(matters) end
          call('HSET', key, 'lease', till .. lease:sub(17, 51) .. kept .. ' ' .. state)
        end

        function self.view()
          local owner, metadata = lease:match('\\n([^\\n]*)\\n(.*)$')
          return {
            owner, tonumber(lease:sub(18, 33)),
            lease:byte(70) == 111 and 0 or now - lease:sub(35, 50),
            lease:sub(1, 16) - now, metadata
          }
        end

        function self.hint()
          local watched = call('HGET', key, 'watched')
          if watched and tonumber(watched) > now then
            redis.pcall('PUBLISH', key, '')
          end
        end

        -- The first place in line whose patience is not over. Drops what stands before it.
        local function head(first, last)
          while first <= last do
            local token = call('HGET', key, 'turn:' .. first)
            local place = token and call('HGET', key, 'place:' .. token)
            if place then
              local till, number, client, owner =
                place:match('^%d+ (%d+) (%d+) (%S+) (.*)$')
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

        -- Drops places behind the first whose patience is over, and closes the gaps: looks at two
        -- places each time that one is added, and moves those that wait to the end of what has been
        -- looked at. So neither the places of crashed waiters nor the gaps that waiters leave pile
        -- up. Answers the last place.
        local function collect(first, last)
          local ends = call('HMGET', key, 'seen', 'packed')
          local packed = math.max(tonumber(ends[2] or 0), first - 1)
          local seen = math.max(tonumber(ends[1] or 0), packed)
          for _ = 1, math.min(2, last - seen) do
            seen = seen + 1
            local token = call('HGET', key, 'turn:' .. int(seen))
            local place = token and call('HGET', key, 'place:' .. token)
            local waits = place and tonumber(place:match('^%d+ (%d+)')) > now
            if waits then packed = packed + 1 end
            if waits and packed < seen then
              call('HSET', key, 'turn:' .. int(packed), token,
                'place:' .. token, int(packed) .. place:match('^%d+(.*)$'))
            elseif token and not waits then
              call('HDEL', key, 'place:' .. token)
            end
            if token and (packed < seen or not waits) then
              call('HDEL', key, 'turn:' .. int(seen))
            end
          end
          if seen >= last then
            last, seen, packed = packed, first - 1, first - 1
          end
          call('HSET', key, 'seen', int(seen), 'packed', int(packed))
          return last
        end

        function self.join(token, owner, patience, number)
          local place = call('HGET', key, 'place:' .. token)
          local seat = place and place:match('^%d+')
          if not seat then
            local ends = call('HMGET', key, 'first', 'last')
            local last = tonumber(ends[2] or 0)
            local first = head(tonumber(ends[1] or 1), last)
            seat = int(collect(first, last) + 1)
            call('HSET', key, 'first', int(first), 'last', seat, 'turn:' .. seat, token)
          end
          call('HSET', key, 'place:' .. token, seat .. ' ' .. int(now + patience) .. ' '
            .. int(number) .. ' ' .. ARGV[2]:sub(2) .. ' ' .. owner)
          if lease:byte(69) ~= 43 then
            call('HSET', key, 'lease', lease:sub(1, 68) .. '+' .. lease:sub(70))
          end
        end

        function self.leave(token)
          local place = call('HGET', key, 'place:' .. token)
          if place then
            call('HDEL', key, 'place:' .. token, 'turn:' .. place:match('^%d+'))
          end
        end

        -- Offers the lease to the first in line, or leaves it free. A client that nobody hears has
        -- died and is passed over; when none is heard, the first gets the offer all the same. The
        -- state is written before anybody is called, and that a call is refused changes nothing.
        function self.vacate()
          local more = call('HMGET', key, 'first', 'last', 'watched')
          local watched = more[3] and tonumber(more[3]) > now
          local from, to = tonumber(more[1] or 1), tonumber(more[2] or 0)

          local function settle(heir, label)
            local flag = '+'
            if from <= to then
              call('HSET', key, 'first', int(from))
            else
              if more[2] then call('HDEL', key, 'first', 'last', 'seen', 'packed') end
              if not watched then flag = '-' end
            end
            if heir then
              local till = ('%016.0f'):format(now + $OFFER)
              change(till, till, flag .. 'offered:' .. heir .. '\\n' .. label .. '\\n')
            else
              change('0000000000000000', clock, flag .. 'free:\\n\\n')
            end
          end

          local heir, label, heard
          while from <= to and not heard do
            local seat, token, number, client, owner = head(from, to)
            from = seat
            if not token then break end
            from = seat + 1
            settle(token, owner)
            call('HDEL', key, 'turn:' .. seat, 'place:' .. token)
            local hearers = redis.pcall('PUBLISH', client, number)
            heard = type(hearers) == 'table' or hearers > 0 or ARGV[2]:sub(1, 1) ~= '1'
            if heard or not heir then heir, label = token, owner end
          end
          if not heard then settle(heir, label) end
          if more[3] then self.hint() end
          return heir and 2 or 0
        end

        function self.watch(micros)
          lease = lease or ('0000000000000000 '):rep(4) .. '-free:\\n\\n'
          call('HSET', key, 'watched', int(now + micros))
          change(lease:sub(1, 16), ('%016.0f'):format(now + micros), '+' .. lease:sub(70))
          return 1
        end

        function self.advance(mark, ttl)
          local reached = call('GET', key)
          if reached and tonumber(reached) >= tonumber(mark) then return 0 end
          call('SET', key, mark, 'PX', ttl)
          return 1
        end

        function self.retreat(mark, ttl)
          local reached = call('GET', key)
          if not reached or tonumber(reached) <= tonumber(mark) then return 0 end
          call('SET', key, mark, 'PX', ttl)
          return 1
        end

        return self
      end

      -- One operation of a run: what the run does, where its terms stand, and what they come to: the
      -- time, when leases end, and the three times of a new one. For releases the end is one that a
      -- lease given back is never kept beyond.
      local function operate(key, own, number, operation, terms, now, till, fresh)
        if operation == 'ping' then return call('HDEL', key, '-') end
        if operation == 'advance' then return others(key).advance(own, ARGV[terms]) end
        if operation == 'register' then return { call('GET', key) or '', now } end
        if operation == 'retreat' then return others(key).retreat(own, ARGV[terms]) end
        local lease = call('HGET', key, 'lease')
        local live = lease and lease:sub(1, 16) > clock
        local more = lease and lease:byte(69) == 43
        local mine = live and is(lease, 104, 75, own)

        if operation == 'wait' or operation == 'acquire' then
          local owner = ARGV[terms + 1]
          if live and not mine and not is(lease, 111, 78, own) then
            local rest = others(key, lease)
            if operation == 'wait' then
              rest.join(own, owner, ARGV[terms + 3], ARGV[terms + 4] + number)
            end
            return rest.view()
          end
          local fence, times, kept = now, fresh, lease and lease:sub(52, 67) or ''
          if mine then
            fence, times = tonumber(lease:sub(18, 33)), till .. lease:sub(17, 51)
          elseif lease and lease:sub(18, 33) >= clock then
            fence = lease:sub(18, 33) + 1
            times = ('%s %016.0f %s '):format(till, fence, clock)
          end
          local ends = kept < till
          if ends then kept = ('%016.0f'):format(till + ARGV[1]) end
          call('HSET', key, 'lease', times .. kept .. (more and ' +held:' or ' -held:')
            .. own .. '\\n' .. owner .. '\\n' .. ARGV[terms + 2])
          if ends then others(key, lease).keep(till) end
          if more then
            local rest = others(key, lease)
            rest.leave(own)
            if not mine then rest.hint() end
          end
          return fence
        end

        if operation == 'leave' then
          if not lease or mine then return 0 end
          if more then others(key, lease).leave(own) end
          return live and is(lease, 111, 78, own) and others(key, lease).vacate() or 0
        end

        if operation == 'release' then
          if more and not mine then
            others(key, lease).leave(own)
          end
          if not mine and not (live and is(lease, 111, 78, own)) then return 0 end
          if more then
            return (mine and 1 or 0) + others(key, lease).vacate()
          end
          local rest = lease:sub(17, 69)
          if lease:sub(1, 16) > till then -- as long as it was to run, the key is not kept
            rest = lease:sub(17, 51) .. others(key, lease).keep(clock) .. ' -'
          end
          call('HSET', key, 'lease', '0000000000000000' .. rest .. 'free:\\n\\n')
          return mine and 1 or 0
        end

        if operation == 'extend' then
          if not mine then return 0 end
          local kept = lease:sub(52, 67)
          if kept < till then kept = others(key, lease).keep(till) end
          call('HSET', key, 'lease', till .. lease:sub(17, 51) .. kept .. lease:sub(68))
          return 1
        end

        if operation == 'owns' then return mine and 1 or 0 end
        local held = live and lease:byte(70) == 104
        if operation == 'find' then return held and others(key, lease).view() end
        if operation == 'revoke' then return held and 1 + others(key, lease).vacate() or 0 end
        if operation == 'watch' then return others(key, lease).watch(ARGV[terms]) end
        -- lapse: an offer that nobody claimed goes to the next. Answers how long one still stands.
        if not lease or lease:byte(70) ~= 111 then return 0 end
        if live then return lease:sub(1, 16) - clock end
        return others(key, lease).vacate() > 0 and $OFFER or 0
      end

      -- How many terms a run has, the first of which is how long its leases are to run.
      local timed = { acquire = 3, wait = 5, extend = 1 }
      local untimed = { watch = 1, advance = 1, retreat = 1 }
      -- What may harm others when it is done after its client has given it up.
      local bound = { acquire = 1, wait = 1, extend = 1, revoke = 1, retreat = 1 }

      local answers, done, a, late = {}, 0, 4, clock > ARGV[3]
      while done < #KEYS do
        local operation, count, terms = ARGV[a], tonumber(ARGV[a + 1]), a + 2
        local now, till, fresh = tonumber(clock)
        if timed[operation] then
          till = ('%016.0f'):format(now + ARGV[terms])
          fresh = till .. ' ' .. clock .. ' ' .. clock .. ' '
        elseif operation == 'release' then
          till = ('%016.0f'):format(now + ARGV[1])
        end
        a = terms - 1 + (timed[operation] or untimed[operation] or 0)
        for i = 1, count do
          local well, answer = true, '$LATE'
          if not (late and bound[operation]) then
            well, answer =
              pcall(operate, KEYS[done + i], ARGV[a + i], i - 1, operation, terms, now, till, fresh)
          end
          if not well then
            answer = type(answer) == 'table' and answer.err or tostring(answer)
          end
          answers[done + i] = answer
        end
        done, a = done + count, a + count + 1
      end
      return answers
      """
          .replace("$OFFER", Long.toString(OFFER.toMillis() * 1000))
          .replace("$LATE", RedisErrors.LATE);

  private static final byte[] FULL = LUA.getBytes(UTF_8);
  private static final byte[] DIGEST = sha1(FULL).getBytes(UTF_8);

  /**
   * The same for a server whose memory is used up, which then refuses all other scripts' writes.
   */
  private static final byte[] FULL_WITHOUT_MEMORY =
      ("#!lua flags=allow-oom\n" + LUA).getBytes(UTF_8);

  private final byte[] retention;
  private final byte[] client;

  /**
   * The script as one client calls it.
   *
   * @param retention how long a record outlives its lease
   * @param channel the channel on which this client hears that a waiter's turn has come
   * @param counted whether the number that PUBLISH answers includes every subscriber
   */
  LeaseScript(Duration retention, String channel, boolean counted) {
    this.retention = Long.toString(retention.toMillis() * 1000).getBytes(UTF_8);
    this.client = ((counted ? "1" : "0") + channel).getBytes(UTF_8);
  }

  /** The call by the script's digest; fails with NOSCRIPT on a server that does not have it. */
  Request byDigest(List<RedisRequest> operations, long deadline) {
    return call(Command.EVALSHA, DIGEST, operations, deadline);
  }

  /** The call that brings the script with it. */
  Request inFull(List<RedisRequest> operations, long deadline) {
    return call(Command.EVAL, FULL, operations, deadline);
  }

  /** As {@link #inFull}, for operations that need no more memory than they free. */
  Request withoutMemory(List<RedisRequest> operations, long deadline) {
    return call(Command.EVAL, FULL_WITHOUT_MEMORY, operations, deadline);
  }

  private Request call(
      Command command, byte[] script, List<RedisRequest> operations, long deadline) {
    int count = operations.size();
    Request request = Request.cmd(command).arg(script).arg(count);
    for (RedisRequest operation : operations) {
      request.arg(operation.record());
    }
    // As text: the client puts a space before a number of sixteen nines.
    request.arg(retention).arg(client).arg(Long.toString(deadline));
    for (int from = 0; from < count; ) {
      RedisRequest first = operations.get(from);
      int to = from + 1;
      while (to < count && operations.get(to).follows(first, to - from)) {
        to++;
      }
      first.appendTerms(request, to - from);
      for (RedisRequest operation : operations.subList(from, to)) {
        request.arg(operation.own());
      }
      from = to;
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
