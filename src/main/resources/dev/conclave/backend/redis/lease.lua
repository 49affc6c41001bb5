-- The one script in which every lease changes: a list of operations in, a list of results out.
--
-- A record is one hash. Its field `lease` has all that an uncontended operation needs, so that such an operation reads
-- and writes a single field:
--
--   <until> <fence> <since> <kept> <flag><state>:<token>\n<owner>\n<metadata>
--
-- 1. The four times have 16 digits, so they compare as strings. Once `until` is past, the lease is free whatever the
--    state is: `held`, `offered` or `free`. Tokens, owners and JSON contain no line breaks.
-- 2. `kept` is one retention before the key expires. The expiry only removes garbage: as long as no lease runs beyond
--    `kept`, it need not be set again. Setting it costs the server as much as the rest of an acquire, so it is set one
--    more retention ahead.
-- 3. The flag is `+` when the record has more fields, else `-`.
-- 4. `first` and `last` number the queue; `seen` is the position up to which waiters were last checked; `packed` is the
--    last position before which there are no gaps. `turn:<number>` is the token at a position. `place:<token>` is the
--    waiter: its position, the end of its patience, its number at its client, that client's channel, its owner. So
--    joining, leaving and notifying the next waiter cost the same for a queue of any length.
-- 5. `watched` is the time until which hints are requested.
--
-- All times are microseconds of the server's clock. A register is a plain string.
--
-- Operations that differ in record and token only form a run and state their terms once, because every argument costs
-- the server time. ARGV: idle retention (us); this client's channel, after `1` when PUBLISH counts every subscriber; the
-- time after which the client no longer waits for the result, and nothing is granted, extended, revoked or set back;
-- then for each run the operation, how many there are, their terms, and the token or mark of each. A result is a number,
-- an array (a lease without its token), nil (none) or a string: the error of this operation alone.
--
-- Functions for rare operations are defined only when they are needed, and functions share few variables: each definition
-- and each shared variable costs time in every call.
-- For the same reason constants are written into the text when the script is loaded. A line `--$NAME value` defines one;
-- $OFFER (us) and $LATE come from LeaseScript. Full-line comments are not sent.
--
-- Parts of the field `lease`, as arguments of string.sub:
--$UNTIL 1, 16
--$FENCE 18, 33
--$SINCE 35, 50
--$KEPT 52, 67
--$FENCE_AND_SINCE 17, 51
--$TIMES 1, 68
--$ALL_BUT_UNTIL 17, 69
--$AFTER_KEPT 68
-- Positions in it:
--$FLAG 69
--$STATE 70
--$HELD_TOKEN 75
--$OFFERED_TOKEN 78
-- Bytes in it: h(eld), o(ffered), + and the line break.
--$HELD 104
--$OFFERED 111
--$MORE 43
--$LINE_BREAK 10
-- A time that is past:
--$PAST 0000000000000000

local call = redis.call
local time = call('TIME')
local clock = time[1] .. ('%06d'):format(time[2])

-- Whether the state begins with this byte and the token that starts at `from` is this one.
local function is(lease, state, from, token)
  local stop = from + #token
  return lease:byte($STATE) == state and lease:sub(from, stop - 1) == token
    and lease:byte(stop) == $LINE_BREAK
end

-- Rare operations: mostly on a record with a queue or watchers.
local function others(key, lease)
  local self, now = {}, tonumber(clock)

  local function int(number)
    return ('%.0f'):format(number)
  end

  -- Keeps the key for one retention, or up to two, beyond this time. Returns the new `kept`.
  function self.keep(till)
    call('PEXPIREAT', key, int((till + 2 * ARGV[1]) / 1000))
    return ('%016.0f'):format(till + ARGV[1])
  end

  -- Writes a lease that runs until `till`, in a record that is needed until `matters`.
  local function change(till, matters, state)
    local kept = lease:sub($KEPT)
    if kept < matters then kept = self.keep(matters) end
    call('HSET', key, 'lease', till .. lease:sub($FENCE_AND_SINCE) .. kept .. ' ' .. state)
  end

  function self.view()
    local owner, metadata = lease:match('\n([^\n]*)\n(.*)$')
    return {
      owner, tonumber(lease:sub($FENCE)),
      lease:byte($STATE) == $OFFERED and 0 or now - lease:sub($SINCE),
      lease:sub($UNTIL) - now, metadata
    }
  end

  function self.hint()
    local watched = call('HGET', key, 'watched')
    if watched and tonumber(watched) > now then
      redis.pcall('PUBLISH', key, '')
    end
  end

  -- The first position in the queue whose patience is not over. Drops those before it.
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

  -- Drops positions behind the first whose patience is over, and closes the gaps. Each time a position is added it checks
  -- two positions, and moves those that still wait to the end of the checked part. So neither the positions of crashed
  -- waiters nor gaps accumulate. Returns the last position.
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
    if lease:byte($FLAG) ~= $MORE then
      call('HSET', key, 'lease', lease:sub($TIMES) .. '+' .. lease:sub($STATE))
    end
  end

  function self.leave(token)
    local place = call('HGET', key, 'place:' .. token)
    if place then
      call('HDEL', key, 'place:' .. token, 'turn:' .. place:match('^%d+'))
    end
  end

  -- Offers the lease to the first waiter, or leaves it free. A waiter whose client does not subscribe any more has
  -- crashed and is skipped; when no waiter's client subscribes, the first waiter gets the offer. The state is written
  -- before a waiter is notified, and a refused notification changes nothing.
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
        change(till, till, flag .. 'offered:' .. heir .. '\n' .. label .. '\n')
      else
        change('$PAST', clock, flag .. 'free:\n\n')
      end
    end

    local heir, label, reached
    while from <= to and not reached do
      local seat, token, number, client, owner = head(from, to)
      from = seat
      if not token then break end
      from = seat + 1
      settle(token, owner)
      call('HDEL', key, 'turn:' .. seat, 'place:' .. token)
      local subscribers = redis.pcall('PUBLISH', client, number)
      reached = type(subscribers) == 'table' or subscribers > 0 or ARGV[2]:sub(1, 1) ~= '1'
      if reached or not heir then heir, label = token, owner end
    end
    if not reached then settle(heir, label) end
    if more[3] then self.hint() end
    return heir and 2 or 0
  end

  function self.watch(micros)
    lease = lease or ('$PAST '):rep(4) .. '-free:\n\n'
    call('HSET', key, 'watched', int(now + micros))
    change(lease:sub($UNTIL), ('%016.0f'):format(now + micros), '+' .. lease:sub($STATE))
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

-- One operation of a run. `number` is its position in the run; `operation`, `terms` (where the run's terms begin in
-- ARGV), `now`, `till` (when leases end) and `fresh` (the times of a new lease) are the run's. For releases `till` is the
-- time up to which a free key may be kept.
local function operate(key, own, number, operation, terms, now, till, fresh)
  if operation == 'ping' then return call('HDEL', key, '-') end
  if operation == 'advance' then return others(key).advance(own, ARGV[terms]) end
  if operation == 'register' then return { call('GET', key) or '', now } end
  if operation == 'retreat' then return others(key).retreat(own, ARGV[terms]) end
  local lease = call('HGET', key, 'lease')
  local live = lease and lease:sub($UNTIL) > clock
  local more = lease and lease:byte($FLAG) == $MORE
  local mine = live and is(lease, $HELD, $HELD_TOKEN, own)

  if operation == 'wait' or operation == 'acquire' then
    local owner = ARGV[terms + 1]
    if live and not mine and not is(lease, $OFFERED, $OFFERED_TOKEN, own) then
      local rest = others(key, lease)
      if operation == 'wait' then
        rest.join(own, owner, ARGV[terms + 3], ARGV[terms + 4] + number)
      end
      return rest.view()
    end
    local fence, times, kept = now, fresh, lease and lease:sub($KEPT) or ''
    if mine then
      fence, times = tonumber(lease:sub($FENCE)), till .. lease:sub($FENCE_AND_SINCE)
    elseif lease and lease:sub($FENCE) >= clock then
      fence = lease:sub($FENCE) + 1
      times = ('%s %016.0f %s '):format(till, fence, clock)
    end
    local ends = kept < till
    if ends then kept = ('%016.0f'):format(till + ARGV[1]) end
    call('HSET', key, 'lease', times .. kept .. (more and ' +held:' or ' -held:')
      .. own .. '\n' .. owner .. '\n' .. ARGV[terms + 2])
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
    return live and is(lease, $OFFERED, $OFFERED_TOKEN, own) and others(key, lease).vacate() or 0
  end

  if operation == 'release' then
    if more and not mine then
      others(key, lease).leave(own)
    end
    if not mine and not (live and is(lease, $OFFERED, $OFFERED_TOKEN, own)) then return 0 end
    if more then
      return (mine and 1 or 0) + others(key, lease).vacate()
    end
    local rest = lease:sub($ALL_BUT_UNTIL)
    if lease:sub($UNTIL) > till then -- the key need not be kept for the lease's whole duration
      rest = lease:sub($FENCE_AND_SINCE) .. others(key, lease).keep(clock) .. ' -'
    end
    call('HSET', key, 'lease', '$PAST' .. rest .. 'free:\n\n')
    return mine and 1 or 0
  end

  if operation == 'extend' then
    if not mine then return 0 end
    local kept = lease:sub($KEPT)
    if kept < till then kept = others(key, lease).keep(till) end
    call('HSET', key, 'lease', till .. lease:sub($FENCE_AND_SINCE) .. kept .. lease:sub($AFTER_KEPT))
    return 1
  end

  if operation == 'owns' then return mine and 1 or 0 end
  local held = live and lease:byte($STATE) == $HELD
  if operation == 'find' then return held and others(key, lease).view() end
  if operation == 'revoke' then return held and 1 + others(key, lease).vacate() or 0 end
  if operation == 'watch' then return others(key, lease).watch(ARGV[terms]) end
  -- lapse: an unclaimed offer goes to the next waiter. Returns how long a present offer still stands.
  if not lease or lease:byte($STATE) ~= $OFFERED then return 0 end
  if live then return lease:sub($UNTIL) - clock end
  return others(key, lease).vacate() > 0 and $OFFER or 0
end

-- The number of terms of a run; the first is the duration of its leases.
local timed = { acquire = 3, wait = 5, extend = 1 }
local untimed = { watch = 1, advance = 1, retreat = 1 }
-- Operations that must not be carried out after their client has given up.
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
