-- Every request is a new message: own number, own idempotency key, a point of the district.
local points, counter, run, source = {}, 0, "", ""

threads = {}

function setup(thread)
  threads[#threads + 1] = thread
  thread:set("bad", 0)
end

function init(args)
  key = args[1]
  if key:sub(1, 5) == "Token" then source = '"source":"hotline",' end
  for line in io.lines(args[2]) do
    local lon, lat = line:match("([^ ]+) ([^ ]+)")
    points[#points + 1] = { lon, lat }
  end
  -- The address of a fresh table differs in each run and each process.
  run = tostring({}):gsub("%W", "") .. tostring(os.time())
end

function request()
  counter = counter + 1
  local at = points[counter % #points + 1]
  local number = run .. "-" .. counter
  local body = '{' .. source .. '"title":"路灯不亮","text":"门前路灯不亮已经三天,晚上看不清路,请尽快修好。第' .. counter ..
    '盏","outside_number":"' .. number .. '","lon":' .. at[1] .. ',"lat":' .. at[2] ..
    ',"crs":"EPSG:4326","name":"示例甲","phone":"19900001111","category":"0101"}'
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/json", ["Authorization"] = key, ["Idempotency-Key"] = number,
  }, body)
end

function response(status)
  if status ~= 201 then bad = bad + 1 end
end

function done(summary, latency)
  local e, bad = summary.errors, 0
  for _, thread in ipairs(threads or {}) do bad = bad + (thread:get("bad") or 0) end
  io.write(string.format(
    '{"requests":%d,"rps":%.2f,"p50_ms":%.2f,"p95_ms":%.2f,"p99_ms":%.2f,"not_created":%d,"socket_errors":%d}',
    summary.requests, summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, bad, e.connect + e.read + e.write + e.timeout))
end
