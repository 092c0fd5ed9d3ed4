-- Health of the three kinds of koppel.dev for Argo CD.
--   suspended                              → Suspended: a pause is no error
--   the operator has not seen the manifest → Progressing
--   Stalled, or a False that sums up       → Degraded, with its reason and message
--   Reconciling, or Unknown                → Progressing
-- What holds single documents leaves Ready True, and the application Healthy.

local function health(status, message)
  return { status = status, message = message or "" }
end

local status = obj.status or {}
local generation = obj.metadata.generation or 0

if obj.spec ~= nil and obj.spec.suspend == true then
  return health("Suspended", "suspended by spec.suspend")
end
if (status.observedGeneration or -1) < generation then
  return health("Progressing", "waiting for the operator to see generation " .. generation)
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function said(condition)
  return condition.reason .. ": " .. (condition.message or "")
end

local function is(name, value)
  return conditions[name] ~= nil and conditions[name].status == value
end

-- What sums up: Ready of a connection, both of a mapping or a rule.
local sums = { "Accepted", "ResolvedRefs" }
if obj.kind == "SyncConnection" then
  sums = { "Ready" }
end

if is("Stalled", "True") then
  return health("Degraded", said(conditions.Stalled))
end
if is("Reconciling", "True") then
  return health("Progressing", said(conditions.Reconciling))
end
for _, name in ipairs(sums) do
  local condition = conditions[name]
  if condition == nil or condition.status == "Unknown" or (condition.observedGeneration or generation) < generation then
    return health("Progressing", condition and said(condition) or "waiting for condition " .. name)
  end
  if condition.status ~= "True" then
    return health("Degraded", said(condition))
  end
end
return health("Healthy", conditions[sums[1]].message)
