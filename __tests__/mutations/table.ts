/**
 * Mutations of the rollout: limits, comparisons and orders, each with the test that notices it. `npm run test:mutations`
 * applies one at a time to a copy of the repository; a test that stays green where it should not is the failure.
 */

export interface Mutation {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** A test file below `__tests__/`, without `.test.ts`. */
  readonly test: string;
}

type Change = readonly [find: string, replace: string, test?: string];

function of(file: string, test: string, ...changes: readonly Change[]): Mutation[] {
  return changes.map(([find, replace, own = test]) => ({ file: `src/${file}`, find, replace, test: own }));
}

export const MUTATIONS: readonly Mutation[] = [
  ...of(
    'rollout/evaluate.ts',
    'rollout/evaluate',
    ["|| seen.service.status === 'DRAINING'", ''],
    ['if (!terms.replacesTasks) return', 'if (terms.replacesTasks) return'],
    [
      "    case 'STOP_REQUESTED':\n      return { kind: 'progressing' };",
      "    case 'STOP_REQUESTED':\n      return { kind: 'completed' };",
    ],
    ['deployment.triggeredAlarms.length > 0;', 'deployment.triggeredAlarms.length > 1;'],
    ["&& seen.entry?.rolloutState !== 'FAILED')", ')'],
    ['? forAlarms : forBreaker);', '? forBreaker : forAlarms);'],
    ["ecs: rollsBack ? 'rolling-back' : 'failing'", "ecs: 'failing'"],
    ['if (!terms.failFast) return', 'if (terms.failFast) return'],
    ['history.placed ? undefined', 'history.placed ? hopelessEvent(history.unplaced)', 'rollout/placement'],
    [
      '![terms.deploymentId, terms.primaryBefore].includes(seen.primary.id)',
      'terms.deploymentId !== seen.primary.id',
    ],
    [
      "if (seen.newer !== undefined) return { kind: 'superseded', by: seen.newer };\n  return { kind: 'failed', ecs: 'ended'",
      "return { kind: 'failed', ecs: 'ended'",
    ],
    ['return seen.newer === undefined\n        ?', 'return seen.newer !== undefined\n        ?'],
    ["if (primary.id === terms.primaryBefore) return { kind: 'progressing' };", ''],
    ["if (terms.deploymentId === '') return", "if (terms.deploymentId === 'x') return"],
    ['primary.taskDefinitionArn === terms.lastGood;', 'primary.taskDefinitionArn !== terms.lastGood;'],
    ['countedFailures(history).length > 0', 'countedFailures(history).length >= 0'],
    ['|| (hasFailed && mayBeRollback)', '|| mayBeRollback'],
    ['|| primary.id === history.rollbackId', ''],
    ['const isCurrent = service.desired !== terms.countBefore;', 'const isCurrent = true;'],
    ['isCurrent && service.running === service.desired', 'isCurrent && service.running >= service.desired'],
    ['seen.entries === 1 && ', ''],
    [
      "if (!byBreaker) return { cause: 'deployment-stopped'",
      "if (byBreaker) return { cause: 'deployment-stopped'",
    ],
  ),
  ...of(
    'rollout/history.ts',
    'rollout/history',
    ['task.healthy && !wereHealthy.has(task.id)', 'task.healthy'],
    ['task.failure !== undefined && !failures.has(task.id)', 'task.failure !== undefined'],
    ["preexisting.has(id) ? { ...failure, severity: 'ignored' } : failure", 'failure'],
    ['placed: history.placed || isAnyPlaced(seen)', 'placed: isAnyPlaced(seen)', 'rollout/placement'],
    ['started: history.started || seen.tasks.some(hasStarted)', 'started: seen.tasks.some(hasStarted)'],
    ['(entry?.running ?? 0) + (entry?.pending ?? 0) > 0', '(entry?.running ?? 0) > 0', 'rollout/placement'],
    ['&& !transition.checked && isCrash', '&& isCrash'],
    [
      "resetOnHealthyTask ? transitions.findLastIndex(({ became }) => became === 'healthy') : -1",
      "transitions.findLastIndex(({ became }) => became === 'healthy')",
    ],
    ['(index > last || wereHealthy.has(task))', 'index > last'],
    ["failure === undefined || failure.severity === 'ignored' ? []", 'failure === undefined ? []'],
    ["mostFrequent(telling.filter((failure) => failure.cause !== 'unknown')) ??", ''],
    ['return failures.findLast((failure) => counts', 'return failures.find((failure) => counts'],
    ["else if (target.state === 'healthy') next.delete(key);", '', 'rollout/unhealthy-targets'],
    ['&& !next.has(key)))', '))', 'rollout/unhealthy-targets'],
  ),
  ...of(
    'rollout/placement.ts',
    'rollout/placement',
    ['const ENOUGH = 3;', 'const ENOUGH = 2;'],
    ['5 * 60_000', '50 * 60_000'],
    ['!known.has(id) && ', ''],
    ['.toReversed()', ''],
    ['newEvents(events, known, REFUSED)', '[]'],
  ),
  ...of(
    'rollout/rounds.ts',
    'rollout/rounds',
    ["if (status.startsWith('ROLLBACK_')) return", "if (status === 'ROLLBACK_FAILED') return"],
    ['settings.alarms.length > 0 && isAlone', 'isAlone'],
    ['entry.running >= entry.desired;', 'entry.running > entry.desired;'],
    ['service.desired <= entry.running', 'service.desired < entry.running'],
    ['weight >= 100', 'weight > 100'],
    ["settings.strategy === 'BLUE_GREEN' ? 'all' : 'part'", "'all'"],
    ['(weight ?? 0) > 0;', '(weight ?? 0) >= 0;'],
    ['entries === 1 && entry', 'entry'],
  ),
  ...of(
    'rollout/failure.ts',
    'rollout/failure',
    ["stoppedByHand || isDeleted ? 'leave' : 'roll-back'", "isDeleted ? 'leave' : 'roll-back'"],
    ["end.ecs === 'rolling-back' ? 'follow-ecs' : leftByEcs", 'leftByEcs'],
    ["isOver: end.ecs === 'failing' || end.ecs === 'ended'", "isOver: end.ecs === 'ended'"],
    ["end.failure.conclusion.cause === 'unknown' ? 'roll-back' : 'leave'", "'roll-back'"],
    ["onlyLacks ? 'leave' : 'roll-back'", "'roll-back'", 'rollout/placement'],
    ['healthyTasks(last) >= desired(last);', 'healthyTasks(last) > desired(last);'],
    ['last.targetsUnread !== true && desired(last) > 0 &&', 'desired(last) > 0 &&'],
    ['settings.minimumHealthyPercent >= 100;', 'settings.minimumHealthyPercent >= 0;', 'rollout/placement'],
    ['(others.desired === 0 || others.running === 0)', 'true', 'rollout/placement'],
    ['running.length > 0 && running.every', 'running.every', 'rollout/placement'],
  ),
  ...of(
    'rollout/outcome.ts',
    'rollout/outcome',
    ["|| (change !== 'none' && !request.wait)) return serviceRun;", ') return serviceRun;'],
    ['if (serviceRun.desiredCount === 0) {', 'if (serviceRun.desiredCount < 0) {'],
    ["if (serviceRun.updateUnconfirmed === true) return '; it may still take effect.';", ''],
    ["if (serviceRun.rollout === undefined) return '; the service was not touched.';", ''],
    ['isOver !== true && lastGood !== undefined', 'lastGood !== undefined'],
  ),
  ...of(
    'rollout/rollback.ts',
    'rollout/rollback',
    ['const ATTEMPTS = 6;', 'const ATTEMPTS = 0;'],
    ['tries.refusals < REFUSALS && tries.lost', 'tries.lost'],
    ['attempt(stop, WITHHELD)', "attempt(stop, ['refused'])"],
    ["if (request.onFailure === 'leave') return { kind: 'failed', why: 'ECS gave its rollback up' };", ''],
  ),
  ...of('rollout/rollback-needed.ts', 'rollout/rollback', [
    "return request.onFailure !== 'leave';",
    'return true;',
  ]),
  ...of(
    'rollout/rollback-proof.ts',
    'story/ended-elsewhere',
    ["if (end.to !== undefined || request.onFailure === 'leave') return", 'if (end.to !== undefined) return'],
    ["if (author === 'somebody') return", "if (author === 'unknown') return"],
  ),
  ...of('rollout/codedeploy-rollback.ts', 'rollout/rollback', [
    'const PAUSES = [1, 2, 4, 8, 15];',
    'const PAUSES: number[] = [];',
  ]),
  ...of(
    'rollout/rollback-request.ts',
    'rollout/rollback',
    [
      "['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED']",
      "['PENDING', 'STOP_REQUESTED']",
      'rollout/rollback-request',
    ],
    ['if (isItself && rollout.replacesTasks)', 'if (isItself && !rollout.replacesTasks)'],
    ['isRunning && mayStop && goesThere', 'isRunning && goesThere'],
  ),
  ...of(
    'rollout/start.ts',
    'rollout/start',
    ["|| request.forceNewDeployment === true) return 'update';", ") return 'update';"],
    ["case 'in-progress':\n      return 'adopt';", "case 'in-progress':\n      return 'none';"],
    ["case 'failed':\n      return 'update';", "case 'failed':\n      return 'none';"],
    [
      'timeOf(each.createdAt) >= timeOf(before?.createdAt)',
      'timeOf(each.createdAt) < timeOf(before?.createdAt)',
    ],
    ['replacesTasks: isNew,', 'replacesTasks: true,'],
  ),
  ...of(
    'rollout/update.ts',
    'rollout/start',
    ["snapshot.taskDefinitionArn === taskDefinitionArn && snapshot.rollout === 'failed'", 'false'],
    ['if (primaryOf(service)?.id !== snapshot.primaryId) return true;', ''],
    ['if (lost.length === 0 || ', 'if ('],
  ),
  ...of(
    'rollout/watch.ts',
    'rollout/watch',
    ["return until === 'evaluation' || !(", 'return !('],
    ['return adopted || !replacesTasks;', 'return adopted;'],
  ),
  ...of(
    'rollout/find-deployment.ts',
    'rollout/find-deployment',
    ['since.getTime() - 5_000', 'since.getTime() + 5_000'],
    ['!snapshot.knownServiceDeployments.includes', 'snapshot.knownServiceDeployments.includes'],
    ['withOurTarget.at(-1)', 'withOurTarget.at(0)'],
  ),
  ...of(
    'ecs/failed-tasks.ts',
    'rollout/history',
    ['Math.ceil(terms.desired / 10)', 'Math.floor(terms.desired / 10)'],
    [', 2), 10)', ', 3), 10)'],
    [', 2), 10)', ', 2), 100)'],
    ["failure.severity === 'conclusive' && !isRefuted(failure, past)", "failure.severity === 'conclusive'"],
    ['if (lasting.length >= limit) return lasting;', 'if (lasting.length > limit) return lasting;'],
    ['filter(({ passes }) => passes !== true)', 'filter(() => true)'],
    ['return started === true ? past.healthy', 'return started !== true ? past.healthy'],
  ),
  ...of(
    'ecs/rollback-target.ts',
    'rollout/rollback',
    ['return good.length > 0 || lastGood === undefined ? good : [lastGood];', 'return good;'],
    ['ran?.digest === undefined ? container : ', 'true ? container : ', 'story/digests'],
  ),
  ...of(
    'ecs/digests.ts',
    'gates/digest',
    ['if (actual === image.digest) return', 'if (actual !== image.digest) return'],
    ["find(({ kind }) => kind === 'differs') ??", ''],
    ['if (belongs === undefined) {', 'if (false) {'],
    ['children.some((child) => child.digest === digest)', 'children.length > 0'],
  ),
  ...of(
    'model/count.ts',
    'model/count',
    ['run.bad >= rule.failures) {', 'run.bad > rule.failures) {'],
    ['hasPassed ? 1 : rule.successes', 'rule.successes'],
    ['bad.length >= window.bad', 'bad.length > window.bad'],
    ['deploymentId === present.deploymentId && ', ''],
    ['good >= enough ? answer : undefined', 'good > enough ? answer : undefined'],
    ['run = { ...run, good: 0, bad: 0, last: answer };', 'run = { ...run, last: answer };'],
  ),
  ...of(
    'gates/alarms.ts',
    'gates/alarms',
    ['isInAlarm(alarm) && !excused.includes(alarm.name)', 'isInAlarm(alarm)'],
    ['const ignored = before.filter(isInAlarm)', 'const ignored = before.filter(() => false)'],
    ['if (gone.length > 0) return skipped', 'if (gone.length > 1) return skipped'],
  ),
  ...of(
    'gates/prove.ts',
    'gates/prove',
    ['!isAsked || serviceRun.desiredCount === 0) return serviceRun;', '!isAsked) return serviceRun;'],
    [
      "if (result.state === 'failed') return { ...serviceRun, gates, problem: gateProblem(serviceRun, result) };\n  }",
      '}',
    ],
    ['+ minutes * 60_000;', '+ minutes * 6_000;', 'gates/bake'],
    ['if (bakeMinutes === 0) {', 'if (bakeMinutes >= 0) {', 'gates/bake'],
  ),
  ...of(
    'pipeline/deploy.ts',
    'story/cancelled',
    [
      'if (ctx.signal.aborted && record.serviceRuns.some(({ needsPostStep }) => needsPostStep)) return record;',
      '',
    ],
    ['if (request.rollout.wait) await proveAll', 'await proveAll', 'story/succeeds'],
  ),
  ...of('pipeline/services.ts', 'pipeline/services', [
    'if (failed !== undefined) throw failed.reason as Error;',
    '',
  ]),
];
