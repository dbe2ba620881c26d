/** What has to hold of every run, by what truly happened in the world and not by what the run says of itself. */
import { isHealthy } from '../../simulator/engine/tasks.ts';
import type {
  Service,
  ServiceDeployment,
  ServiceRevision,
  Task,
  TaskDefinition,
} from '../../simulator/state/model.ts';
import { CAUSES, RESULTS } from '../../src/model/index.ts';
import { CANARIES, find, lastGoodOf, type Asked, type Played, type PlayedRun, type View } from './play.ts';
import type { CallFault, Deed } from './schedule.ts';

export interface Violation {
  /** The name of the invariant. */
  readonly broken: string;
  readonly run: number;
  readonly what: string;
}

/** Everything that does not hold. `note` hears each invariant that a run was judged by. */
export function judge(played: Played, note: (invariant: string) => void = () => undefined): Violation[] {
  return played.runs.flatMap((run, index) =>
    Object.entries(INVARIANTS).flatMap(([broken, check]: [string, Invariant]) => {
      const wrong = check({ ...played, run, index });
      if (wrong !== undefined) note(broken);
      return (wrong ?? []).map((what) => ({ broken, run: index + 1, what }));
    }),
  );
}

interface Case extends Played {
  readonly run: PlayedRun;
  readonly index: number;
}

/** What does not hold; undefined where it has nothing to say of a run. */
type Invariant = (of: Case) => string[] | undefined;

/** The world may have moved on since the run looked last; it has to have been true so shortly before. */
const LATELY_MS = 90_000;

const GREEN: readonly string[] = ['succeeded', 'unchanged', 'registered', 'planned', 'started'];

const modeOf = ({ plan }: PlayedRun): string => plan.inputs['mode'] ?? 'deploy';

const resultOf = ({ result }: PlayedRun): string | undefined => result.outputs['result'];

/** Others began something since, which the run may not have seen. */
const isDisturbedLately = ({ done, endedAt }: PlayedRun): boolean =>
  done.some(({ began, time }) => began !== undefined && time >= endedAt - LATELY_MS);

/** What the run saw, or could have seen, shortly before its end. */
function lately(run: PlayedRun, service: string, ms = LATELY_MS): View[] {
  const views = run.asked
    .filter(({ ofPost }) => !ofPost)
    .flatMap(({ before, after }) => [...before, ...after])
    .filter((view) => view.service === service && view.time >= run.endedAt - ms);
  return views;
}

const digestsOf = (revision: ServiceRevision): string =>
  [...revision.images.values()].map(({ digest }) => digest ?? '?').join(' ');

/** Deployments that the run itself began, oldest first. */
function ownDeployments({ run, foreign }: Case, name: string): ServiceDeployment[] {
  return (run.deployments.get(name) ?? [])
    .filter((each) => !run.knownDeployments.has(each) && !foreign.has(each))
    .toReversed();
}

/**
 * What a service goes back to. ECS goes back to what was good when the run's update began, which others may have brought
 * since the run looked; the run itself goes back to what it saw.
 */
function rollbackTargetOf(of: Case, name: string): ServiceRevision | undefined {
  const [first, back] = ownDeployments(of, name);
  return first === undefined || back !== undefined
    ? of.run.lastGood.get(name)
    : lastGoodOf(find(of.sim, name), first.createdAt);
}

const writesOf = (run: PlayedRun, action: string, service?: string): Asked[] =>
  run.asked.filter(
    ({ call }) =>
      call.action === action &&
      call.tookEffect &&
      (service === undefined || call.body['service'] === service),
  );

/** The image is well, and nothing else is wrong with what is deployed. */
const GOOD_TAGS = ['v2', 'v3'];

const BAD_ONLY_FOR_THE_URL = 'error500-1';

function isGoodRevision(run: PlayedRun): boolean {
  const tag = run.plan.inputs['image-tag'] ?? '';
  const isGood =
    GOOD_TAGS.includes(tag) ||
    (tag === BAD_ONLY_FOR_THE_URL && run.plan.inputs['health-check-url'] === undefined);
  const isMovedToBad = run.done.some(({ deed }) => deed.kind === 'moves-tag' && deed.to === 'bad');
  return modeOf(run) === 'deploy' && isGood && !isMovedToBad;
}

const hasDeed = (run: PlayedRun, ...kinds: readonly Deed['kind'][]): boolean =>
  run.done.some(({ deed }) => kinds.includes(deed.kind));

/** Tasks that others ended or kept from starting; the limits of a small service are 2 and 3. */
function mishaps(played: Case): number {
  return played.runs.slice(0, played.index + 1).reduce((total, { done }) => {
    const each = done.map(({ deed }) => {
      if (deed.kind === 'hiccups') return deed.times;
      return ['stops-task', 'crashes-task', 'takes-spot'].includes(deed.kind) ? 1 : 0;
    });
    return total + each.reduce((sum, n) => sum + n, 0);
  }, 0);
}

/** The counts that a service had: before the run, by its own input, and after it. */
function countsOf({ before, after, plan }: PlayedRun): { service: string; count: number }[] {
  const asked = plan.inputs['desired-count'];
  return [...before, ...after].flatMap(({ service, desiredCount }) =>
    [desiredCount, ...(asked === undefined ? [] : [Number(asked)])].map((count) => ({ service, count })),
  );
}

/** The percents of a service leave no room for its count: no fault of the deployment. */
const cannotBe = ({ run, schedule }: Case): boolean => {
  const [least, most] = schedule.world.percents;
  return countsOf(run).some(
    ({ service, count }) =>
      service !== 'bluegreen' &&
      count > 0 &&
      Math.floor((count * most) / 100) <= count &&
      Math.ceil((count * least) / 100) >= count,
  );
};

/** The only task of a service went, and whoever asks its URL finds nobody. */
const wentOnlyTask = ({ run }: Case): boolean =>
  run.plan.inputs['health-check-url'] !== undefined &&
  hasDeed(run, 'stops-task', 'crashes-task', 'takes-spot') &&
  countsOf(run).some(({ count }) => count === 1);

/**
 * What answers at its URL is another service, which an earlier run left with errors, or without a task where its percents
 * let all old ones go first: 5xx counts as in any gate, though it was there before (unlike 3xx and 4xx, with which somebody
 * may have meant it; CONTRACT, `health-check-url`).
 */
const isUrlBrokenBefore = ({ run: { urlOfOther }, schedule }: Case): boolean =>
  urlOfOther === BAD_ONLY_FOR_THE_URL ||
  (urlOfOther !== undefined && WITHOUT_TASKS.includes(urlOfOther) && schedule.world.percents[0] < 100);

/** No task of these images ever serves. */
const WITHOUT_TASKS = ['crash-1', 'oom-1', 'unhealthy-1', 'denied-1', 'secretless-1'];

/**
 * AWS takes an update up after the client has given it up, read the service, and sent it again: UpdateService carries no
 * token, and what is on its way cannot be told from what is lost. The second makes no deployment of its own, unless it is
 * forced for the revision that runs, or the service has gone back from the first by then.
 */
const isTakenUpLate = (run: PlayedRun): boolean => {
  const isLate = run.plan.faults.some(
    ({ action = 'UpdateService', effect }) =>
      action === 'UpdateService' && effect.kind === 'delay' && effect.milliseconds > 20_000,
  );
  const taken = writesOf(run, 'UpdateService').map(({ call }) => JSON.stringify(call.body['taskDefinition']));
  return isLate && new Set(taken).size < taken.length;
};

/** ECS took back meanwhile what was under way when the run began: that is not built upon either. */
const wasRolledBackMeanwhile = ({ knownDeployments, startedAt }: PlayedRun): boolean =>
  [...knownDeployments].some(({ rollback }) => rollback !== undefined && rollback.startedAt >= startedAt);

const endOf = ({ result: { outputs } }: PlayedRun): string =>
  `${outputs['result'] ?? ''} (${outputs['cause'] ?? ''}): ${outputs['message'] ?? ''}`;

const waitMinutes = ({ plan }: PlayedRun): number => Number(plan.inputs['wait-for-minutes'] ?? '30');

/** Nothing but what passes within a minute or two, and that anybody has to bear. */
function isBearable(fault: CallFault, plan: PlayedRun['plan']): boolean {
  const { effect } = fault;
  if (effect.kind === 'denied' || effect.kind === 'expired-token') return false;
  if (effect.kind === 'missing' || effect.kind === 'stale') return false;
  // Each read of a survey takes as long, and there are many of them.
  if (effect.kind === 'delay' && effect.milliseconds > 20_000) return false;
  if (plan.faults.length > 2) return false;
  return fault.after === undefined
    ? (fault.times ?? 99) <= 2 && fault.action !== undefined
    : (fault.lasts ?? 0) <= 15;
}

const INVARIANTS = {
  'the step says how it ended, the same everywhere': ({ run }) => {
    const { result, wasKilled } = run;
    if (wasKilled) return undefined;
    const { outputs, exitCode, errors, report, summary, log } = result;
    const ended = outputs['result'] ?? '';
    const wrong: string[] = [];
    if (!(RESULTS as readonly string[]).includes(ended))
      return [`the result is "${ended}": ${log.slice(-500)}`];
    if ((exitCode === 0) !== GREEN.includes(ended)) wrong.push(`${ended} exits with ${exitCode}`);
    if (errors.length !== exitCode) wrong.push(`${errors.length} error annotations at exit ${exitCode}`);
    if (report.result !== ended) wrong.push(`the report says ${report.result}, the output ${ended}`);
    if ((report.cause ?? '') !== outputs['cause'])
      wrong.push(`the causes differ: ${report.cause ?? ''}, ${outputs['cause'] ?? ''}`);
    if (report.message !== outputs['message']) wrong.push('the messages differ');
    if (outputs['cause'] !== '' && !(CAUSES as readonly string[]).includes(outputs['cause'] ?? ''))
      wrong.push(`the cause is ${outputs['cause'] ?? ''}`);
    if (exitCode === 1 && outputs['cause'] === '') wrong.push('it is red without a cause');
    if (exitCode === 1 && errors[0]?.split('\n')[0] !== outputs['message'])
      wrong.push('the annotation does not begin with the message');
    if (summary === '') wrong.push('there is no summary');
    if (outputs['message'] === '') wrong.push('there is no message');
    return wrong;
  },

  'no slip of the program is shown': ({ run }) => {
    const slip =
      /TypeError|ReferenceError|RangeError|Cannot (?:read|set|convert|destructure) |is not (?:a function|iterable)|\[object Object\]|undefined:|:undefined|NaN/;
    const texts = [run.result.log, run.result.summary, run.result.post.log, run.result.post.summary];
    return texts.flatMap((text) => text.split('\n').filter((line) => slip.test(line)));
  },

  'no secret is shown': ({ run }) => {
    const { log, summary, outputs, post } = run.result;
    const report = run.wasKilled ? '' : JSON.stringify(run.result.report);
    const shown = [log, summary, JSON.stringify(outputs), post.log, post.summary, report]
      .join('\n')
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'));
    return CANARIES.flatMap((canary) => shown.filter((line) => line.includes(canary)));
  },

  'it ends in its time': ({ run }) => {
    // Survey, checks, a task before it, the wait, the gates, a rollback, and its proof.
    const limit = 2 * waitMinutes(run) + 45;
    const took = (run.endedAt - run.startedAt) / 60_000;
    return took > limit ? [`it took ${took.toFixed(1)} minutes, ${limit} at most`] : [];
  },

  'green is proven': (of) => {
    const { run } = of;
    if (run.wasKilled || run.result.exitCode !== 0 || modeOf(run) !== 'deploy') return undefined;
    if (!['succeeded', 'unchanged'].includes(resultOf(run) ?? '')) return undefined;
    return run.services.flatMap((name) => {
      // Where AWS gave no answer about health, and the run said so, what was true since its update has to do.
      const isSkipped = run.result.report.services.some(
        (each) => each.name === name && each.gates.some(({ state }) => state === 'skipped'),
      );
      const seen = lately(run, name, isSkipped ? run.endedAt - run.startedAt : LATELY_MS);
      // What began no deployment, such as a new count, leaves the last one as it was.
      const beganNone = ownDeployments(of, name).length === 0;
      const proven = seen.some(
        ({ status, revision, healthy, desiredCount, isComplete }) =>
          (status === 'SUCCESSFUL' || (status === 'ROLLBACK_SUCCESSFUL' && beganNone)) &&
          isComplete &&
          isAsked(of, revision) &&
          (desiredCount === 0 ||
            (healthy.get([...revision.images.values()][0]?.digest ?? '') ?? 0) >= Math.min(desiredCount, 1)),
      );
      const last = seen.at(-1);
      return proven
        ? []
        : [
            `${name}: ${last?.status ?? ''} on ${last === undefined ? '' : nameOf(last.revision.definition)}, never proven`,
          ];
    });
  },

  'what cannot run is never green': ({ run }) => {
    const tag = run.plan.inputs['image-tag'] ?? '';
    const isBroken = WITHOUT_TASKS.includes(tag);
    const isUnhealthyOnly = tag === 'unhealthy-1' && run.services.includes('worker');
    if (!isBroken || isUnhealthyOnly || modeOf(run) !== 'deploy' || run.wasKilled) return undefined;
    if (resultOf(run) === 'started' || run.before.some(({ desiredCount }) => desiredCount === 0))
      return undefined;
    return run.result.exitCode === 0 ? [`${tag} is ${resultOf(run) ?? ''}`] : [];
  },

  'a bearable fault makes nothing red': (of) => {
    const { run, schedule } = of;
    if (!isGoodRevision(run) || run.wasCancelled || run.wasKilled) return undefined;
    if (run.plan.inputs['pre-deploy-command'] === 'exit 3' || waitMinutes(run) < 12) return undefined;
    const isQuiet = run.done.every(({ deed }) =>
      ['hiccups', 'moves-tag', 'takes-spot', 'stops-task'].includes(deed.kind),
    );
    if (!isQuiet || mishaps(of) > 1 || of.index > 0) return undefined;
    if (!run.plan.faults.every((fault) => isBearable(fault, run.plan))) return undefined;
    if (schedule.world.throttling || wentOnlyTask(of)) return undefined;
    return run.result.exitCode === 0 || cannotBe(of) ? [] : [endOf(run)];
  },

  'the next run is well, whatever the one before it left': (of) => {
    const { run, index } = of;
    if (index === 0 || !isGoodRevision(run)) return undefined;
    const isQuiet = run.plan.faults.length === 0 && run.plan.deeds.length === 0 && run.plan.end === undefined;
    // Whoever has an alarm that is on, or a task that still stumbles, has something to mend first.
    const isDisturbed =
      of.runs.some((each) => hasDeed(each, 'alarm', 'moves-tag', 'deregisters')) || mishaps(of) > 1;
    // An update of the run before that AWS took up only now.
    const isMet = [...of.foreign].some(({ createdAt }) => createdAt >= run.startedAt);
    if (!isQuiet || isDisturbed || isMet || of.schedule.world.throttling) return undefined;
    if (isUrlBrokenBefore(of)) return undefined;
    // CONTRACT: superseded where, right before the update, the PRIMARY has another definition than when it was rendered.
    if (resultOf(run) === 'superseded' && wasRolledBackMeanwhile(run)) return undefined;
    if (run.plan.inputs['pre-deploy-command'] === 'exit 3' || waitMinutes(run) < 12) return undefined;
    return run.result.exitCode === 0 || cannotBe(of) ? [] : [endOf(run)];
  },

  'a healthy rollout is never undone': (of) => {
    const { run } = of;
    if (!isGoodRevision(run) || mishaps(of) > 1 || hasDeed(run, 'alarm', 'no-capacity')) return undefined;
    if (of.runs.slice(0, of.index).some((each) => hasDeed(each, 'alarm', 'moves-tag'))) return undefined;
    if (cannotBe(of) || wentOnlyTask(of) || isUrlBrokenBefore(of)) return undefined;
    if (run.services.length > 1 && run.plan.inputs['on-failure'] === 'rollback-all') return undefined;
    if ((run.wasCancelled || run.wasKilled) && run.plan.inputs['on-cancel'] === 'rollback') return undefined;
    // Time that is up is a reason of its own.
    if (waitMinutes(run) < 12) return undefined;
    const stops = writesOf(run, 'StopServiceDeployment').filter(
      ({ call }) => call.body['stopType'] !== 'ABORT',
    );
    // A second one of the same revision goes forward: that has an invariant of its own.
    const backs = run.services.flatMap((name) => {
      const [first, ...others] = ownDeployments(of, name);
      return others.filter(({ target }) => target.definition !== first?.target.definition);
    });
    return [
      ...stops.map(
        ({ call }) =>
          `StopServiceDeployment ${JSON.stringify(call.body)}: ${run.result.outputs['cause'] ?? ''}: ${run.result.outputs['message'] ?? ''}`,
      ),
      ...backs.map(
        ({ target }) =>
          `updated to ${nameOf(target.definition)}: ${run.result.outputs['cause'] ?? ''}: ${run.result.outputs['message'] ?? ''}`,
      ),
    ];
  },

  'nothing of others is undone': (of) => {
    const { run, foreign } = of;
    const isBlind =
      run.plan.faults.some(
        ({ effect, action }) =>
          effect.kind === 'stale' && (action ?? 'DescribeServices') === 'DescribeServices',
      ) || of.schedule.world.lagSeconds > 0;
    const stopped = writesOf(run, 'StopServiceDeployment').flatMap(({ call, before }) => {
      const target = [...foreign].find(({ arn }) => arn === call.body['serviceDeploymentArn']);
      if (target === undefined || modeOf(run) === 'rollback') return [];
      const isAdopted =
        run.knownDeployments.has(target) || target.target.definition.arn === definitionOfRun(of)?.arn;
      const wasUnderway = before.some(
        ({ primary, status }) => primary === target && /^(?:PENDING|IN_PROGRESS)$/.test(status),
      );
      return isAdopted || !wasUnderway
        ? []
        : [`the deployment of ${nameOf(target.target.definition)} by others was stopped`];
    });
    const overwritten = run.services.flatMap((name) =>
      writesOf(run, 'UpdateService', name).flatMap(({ call, before, after }) => {
        const view = before.find(({ service }) => service === name);
        if (view === undefined || isBlind || !foreign.has(view.primary)) return [];
        // What takes back a count of the run begins no deployment, and leaves theirs in its place.
        if (after.some(({ primary }) => primary === view.primary)) return [];
        const { createdAt } = view.primary;
        // The service may be on its way back already from what others brought.
        const { definition } = view.revision;
        const looks = run.asked.filter(
          (each) =>
            each.call.action === 'DescribeServices' &&
            each.call.time <= call.time &&
            each.call.status === 200 &&
            each.isWhole,
        );
        const first = looks[0]?.call.time ?? 0;
        const last = looks.at(-1)?.call.time ?? 0;
        const wasUnseen = createdAt <= first || createdAt >= last;
        const isSame = run.before.some(({ revision }) => revision.definition === definition);
        return wasUnseen || isSame || modeOf(run) === 'rollback'
          ? []
          : [
              `${nameOf(definition)} of others, there since ${(last - createdAt) / 1000} s before the last look, was overwritten`,
            ];
      }),
    );
    return [...stopped, ...overwritten];
  },

  'one update goes forward': (of) => {
    const { run } = of;
    if (isTakenUpLate(run)) return undefined;
    return run.services.flatMap((name) => {
      const arns = ownDeployments(of, name).map(({ target }) => target.definition.arn);
      const first = arns[0];
      const again = arns.filter((arn) => arn === first).length;
      return again > 1 ? [`${name} was updated ${again} times to ${first ?? ''}`] : [];
    });
  },

  'one update goes back': (of) => {
    const { run } = of;
    return run.services.flatMap((name) => {
      const backs = ownDeployments(of, name).slice(1);
      return backs.length > 1
        ? [
            `${name} was updated back ${backs.length} times: ${backs.map(({ target }) => nameOf(target.definition)).join(', ')}`,
          ]
        : [];
    });
  },

  'what is gone back to is the last good one': (of) => {
    const { run } = of;
    if (modeOf(run) !== 'deploy' || isTakenUpLate(run)) return undefined;
    return run.services.flatMap((name) => {
      const good = run.lastGood.get(name);
      const good_ = good === undefined ? '' : digestsOf(good);
      return ownDeployments(of, name)
        .slice(1)
        .filter(({ target }) => digestsOf(target) !== good_)
        .map(
          ({ target }) =>
            `${name} went to ${nameOf(target.definition)} (${digestsOf(target)}), not to ${good_}`,
        );
    });
  },

  'rolled back is what runs': (of) => {
    const { run } = of;
    if (resultOf(run) !== 'rolled-back' || run.wasKilled || isDisturbedLately(run)) return undefined;
    return run.result.report.services.flatMap(({ name, result }) => {
      if (result !== 'rolled-back') return [];
      const good = rollbackTargetOf(of, name);
      if (good === undefined) return [`${name} is rolled back to nothing`];
      const seen = lately(run, name);
      const isBack = seen.some((view) => isBackOn(view, good, of.foreign));
      return isBack || wasBackBefore(of, name, good)
        ? []
        : [
            `${name} runs ${digestsOf(seen.at(-1)?.revision ?? good)}, complete: ${String(seen.at(-1)?.isComplete)}, last good ${digestsOf(good)}`,
          ];
    });
  },

  'what is broken does not stay': (of) => {
    const { run, schedule } = of;
    const tag = run.plan.inputs['image-tag'] ?? '';
    if (!['crash-1', 'oom-1', 'denied-1', 'secretless-1'].includes(tag) || modeOf(run) !== 'deploy')
      return undefined;
    if (
      ['leave'].includes(run.plan.inputs['on-failure'] ?? '') ||
      run.plan.inputs['wait-for-service-stability'] === 'false'
    )
      return undefined;
    if (run.wasCancelled || run.wasKilled || of.runs.length > of.index + 1) return undefined;
    if (run.done.length > 0 || run.plan.faults.some((fault) => !isBearable(fault, run.plan)))
      return undefined;
    if (of.index > 0 || schedule.world.throttling || schedule.world.alarms) return undefined;
    return run.services.flatMap((name) => {
      const now = find(of.sim, name).deployments[0];
      const good = rollbackTargetOf(of, name);
      if (now === undefined || good === undefined || ownDeployments(of, name).length === 0) return [];
      return digestsOf(now.revision) === digestsOf(good)
        ? []
        : [`${name} still runs ${nameOf(now.revision.definition)}: ${run.result.outputs['message'] ?? ''}`];
    });
  },

  'what failed is no base': (of) => {
    const { run, index, runs, sim } = of;
    if (index === 0 || modeOf(run) !== 'deploy') return undefined;
    const by = choseBaseBy(run);
    return runs.slice(0, index).flatMap((earlier, at) => {
      const marker = `of-run-${at + 1}`;
      const theirs = earlier.registered.filter((each) => JSON.stringify(each.body).includes(marker));
      const verdicts = theirs.map((definition) => verdictOn(sim, earlier, definition, by));
      if (!verdicts.includes('failed') || verdicts.includes('good')) return [];
      // Others took it for the base of theirs, and that may have been well.
      const isOfOthers = [...of.foreign].some(({ target }) =>
        JSON.stringify(target.definition.body).includes(marker),
      );
      if (isOfOthers) return [];
      return run.registered
        .filter((each) => JSON.stringify(each.body).includes(marker))
        .map((each) => `${nameOf(each)} is made of what run ${at + 1} failed with`);
    });
  },

  'every write is known, or said to be unknown': ({ run }) => {
    if (run.wasKilled) return undefined;
    const { message = '' } = run.result.outputs;
    const said = [
      message,
      ...run.result.report.services.flatMap((each) => [each.message, each.production]),
      run.result.post.log,
      run.result.post.summary,
    ];
    return run.services.flatMap((name) => {
      const updates = writesOf(run, 'UpdateService', name).filter(({ ofPost }) => !ofPost);
      const own = run.result.report.services.find((each) => each.name === name);
      const untouched = [own?.message ?? '', own?.production ?? ''].filter(
        (text) => /not touched/.test(text) && !/which was not touched|Another deployment/.test(text),
      );
      const isKnown =
        own?.deploymentId !== undefined ||
        said.some((text) => /may still take effect|has not answered|did not answer|looks again/.test(text));
      if (updates.length === 0) return [];
      if (untouched.length > 0) return [`${name} was updated, and it is said: ${untouched.join(' ')}`];
      return isKnown
        ? []
        : [
            `${name} was updated, and nothing is said of it: ${own?.message ?? message} ${own?.production ?? ''}`,
          ];
    });
  },

  'what is said to run does run': ({ run }) => {
    if (run.wasKilled) return undefined;
    return run.result.report.services.flatMap(({ name, running }) => {
      const said = running.find(({ isPrimary }) => isPrimary)?.taskDefinitionArn;
      if (said === undefined) return [];
      const ages = run.plan.faults.map(({ effect }) => (effect.kind === 'stale' ? effect.seconds * 1000 : 0));
      const isStale = ages.some((ms) => ms > LATELY_MS);
      const truth = lately(run, name).map(({ revision }) => revision.definition.arn);
      return isStale || truth.includes(said)
        ? []
        : [`${name} is said to run ${said}, and runs ${truth.at(-1) ?? ''}`];
    });
  },

  'nothing is left behind': (of) => {
    const { run, sim } = of;
    if (modeOf(run) !== 'deploy' || (run.wasKilled && run.plan.end?.hasPost !== true)) return undefined;
    const mayNot = run.plan.faults.some(({ effect }) =>
      ['denied', 'expired-token', 'stale', 'missing'].includes(effect.kind),
    );
    if (mayNot) return undefined;
    const isUndone =
      resultOf(run) === 'rolled-back' ||
      ['pre-deploy-task-failed', 'update-refused'].includes(run.result.outputs['cause'] ?? '');
    if (!isUndone || /(?:stays|may stay) registered/.test(run.result.log)) return undefined;
    const services = [...sim.world.cluster('demo').services.values()];
    // A service of several may have ended on it, and the next run have taken it off.
    const isUsed = ({ arn }: TaskDefinition): boolean =>
      run.after.some(({ revision }) => revision.definition.arn === arn) ||
      services.some(({ deployments }) => deployments[0]?.revision.definition.arn === arn);
    return run.registered
      .filter((each) => each.status === 'ACTIVE' && !isUsed(each) && !isTarget(of, each))
      .map((each) => `${nameOf(each)} stays registered: ${resultOf(run) ?? ''}`);
  },

  'a cancelled job ends before the runner kills it': ({ run }) => {
    if (!run.wasCancelled || run.cutAt === undefined || run.plan.end?.impatient === true) return undefined;
    const seconds = (run.endedAt - run.cutAt) / 1000;
    return seconds > 10 ? [`it took ${seconds} s`] : [];
  },

  'the post step does not keep the runner': ({ run }) => {
    const seconds = (run.overAt - run.endedAt) / 1000;
    return seconds > 120 ? [`it took ${seconds} s`] : [];
  },

  'what a cancelled job was to undo is undone': (of) => {
    const { run, sim } = of;
    if (!(run.wasCancelled || run.wasKilled) || run.plan.inputs['on-cancel'] !== 'rollback') return undefined;
    if (of.runs.length > of.index + 1 || run.plan.end?.hasPost !== true || modeOf(run) !== 'deploy')
      return undefined;
    if (run.plan.faults.length > 0 || of.schedule.world.throttling || of.schedule.world.lagSeconds > 0)
      return undefined;
    if (run.done.some(({ deed }) => deed.kind !== 'scales' && deed.kind !== 'alarm')) return undefined;
    if (!run.wasKilled && resultOf(run) !== 'cancelled') return undefined;
    return run.services.flatMap((name) => {
      const own = ownDeployments(of, name);
      const good = rollbackTargetOf(of, name);
      const now = find(sim, name).deployments[0];
      if (own.length === 0 || good === undefined || now === undefined) return [];
      return digestsOf(now.revision) === digestsOf(good) && now.rolloutState === 'COMPLETED'
        ? []
        : [
            `${name} is on ${nameOf(now.revision.definition)}, ${now.rolloutState}; last good ${nameOf(good.definition)}`,
          ];
    });
  },

  'the cause is one that there was': (of) => {
    const { run, schedule } = of;
    const cause = run.result.outputs['cause'] ?? '';
    if (run.wasKilled || cause === '') return undefined;
    const earlier = of.runs.slice(0, of.index + 1);
    const tag = run.plan.inputs['image-tag'] ?? '';
    const has = (...kinds: readonly Deed['kind'][]): boolean =>
      earlier.some((each) => hasDeed(each, ...kinds));
    const faulty = (...kinds: readonly CallFault['effect']['kind'][]): boolean =>
      run.plan.faults.some(({ effect }) => kinds.includes(effect.kind));
    const isBadImage = tag !== 'v2' && tag !== 'v3';
    const grounds: Partial<Record<string, boolean>> = {
      'app-crashed': isBadImage || has('crashes-task', 'moves-tag'),
      'out-of-memory': tag === 'oom-1' || has('crashes-task'),
      'image-pull-denied': tag === 'denied-1',
      'image-not-found': false,
      'secret-unavailable': tag === 'secretless-1' || has('hiccups'),
      'network-unreachable': has('hiccups'),
      'target-health-check-failed': isBadImage || has('moves-tag', 'hiccups', 'crashes-task'),
      'container-health-check-failed': false,
      capacity: has('no-capacity', 'takes-spot') || schedule.world.percents[1] < 200,
      alarm: has('alarm'),
      'credentials-expired': faulty('expired-token'),
      'access-denied': faulty('denied'),
      throttled: faulty('throttle') || schedule.world.throttling,
      superseded:
        run.done.some(({ began }) => began !== undefined) ||
        of.index > 0 ||
        isTakenUpLate(run) ||
        wasRolledBackMeanwhile(run),
      'deployment-stopped': hasDeed(run, 'stops') || of.index > 0,
      cancelled: run.wasCancelled,
      unknown: run.plan.faults.length > 0,
      'pre-deploy-task-failed': run.plan.inputs['pre-deploy-command'] !== undefined,
      'http-check-failed': run.plan.inputs['health-check-url'] !== undefined,
    };
    return grounds[cause] === false ? [endOf(run)] : [];
  },

  'no task of the run is left': ({ run, sim }) => {
    const left = [...sim.world.cluster('demo').tasks.values()].filter(
      (task) =>
        task.service === undefined && task.lastStatus !== 'STOPPED' && task.createdAt >= run.startedAt,
    );
    return left.map(({ arn }) => `${arn} still runs`);
  },

  'a task before the deployment runs once': ({ run }) => doubled(run.oneOffs),

  'the count is left as others set it': (of) => {
    const { run, sim } = of;
    if (of.runs.length > 1 || run.plan.inputs['desired-count'] !== undefined) return undefined;
    return run.services.flatMap((name) => {
      const set = run.done.findLast(({ deed, service }) => deed.kind === 'scales' && service === name);
      const wanted =
        set?.deed.kind === 'scales'
          ? set.deed.count
          : run.before.find(({ service }) => service === name)?.desiredCount;
      const { desiredCount } = find(sim, name);
      return desiredCount === wanted ? [] : [`${name} wants ${desiredCount} tasks, not ${wanted ?? ''}`];
    });
  },

  'the count of a rolled-back run is what it was': (of) => {
    const { run, sim } = of;
    const asked = run.plan.inputs['desired-count'];
    if (of.runs.length > 1 || asked === undefined || run.wasKilled || resultOf(run) !== 'rolled-back')
      return undefined;
    if (hasDeed(run, 'scales') || run.plan.faults.length > 0) return undefined;
    return run.services.flatMap((name) => {
      const outcome = run.result.report.services.find((each) => each.name === name);
      if (outcome?.result !== 'rolled-back' || /but desired-count/.test(outcome.message)) return [];
      const before = run.before.find(({ service }) => service === name)?.desiredCount;
      const { desiredCount } = find(sim, name);
      return desiredCount === before ? [] : [`${name} wants ${desiredCount} tasks, not ${before ?? ''}`];
    });
  },
} satisfies Record<string, Invariant>;

/**
 * The service is back on what was good. Somebody may deploy that once more, and that is under way for as long as it takes:
 * it runs the same, and the run has nothing to wait for.
 */
export function isBackOn(
  { revision, isComplete, primary }: Pick<View, 'revision' | 'isComplete' | 'primary'>,
  good: ServiceRevision,
  foreign: Played['foreign'],
): boolean {
  return (isComplete || foreign.has(primary)) && digestsOf(revision) === digestsOf(good);
}

/** The service was seen to be back, and only then somebody else deployed, while the run proved others. */
function wasBackBefore(of: Case, name: string, good: ServiceRevision): boolean {
  const [newest] = of.run.deployments.get(name) ?? [];
  if (newest === undefined || !of.foreign.has(newest)) return false;
  const ways = ownDeployments(of, name).map(({ rollback, createdAt }) => rollback?.startedAt ?? createdAt);
  return lately(of.run, name, Infinity).some(
    (view) =>
      view.time >= Math.max(...ways) && view.time < newest.createdAt && isBackOn(view, good, of.foreign),
  );
}

/**
 * What is wrong with the one-off tasks of a run: two of them ran, or there were two at once. One that was over before any
 * of its containers ran has done nothing, and another may follow it.
 */
export function doubled(
  tasks: readonly Pick<Task, 'arn' | 'createdAt' | 'startedAt' | 'stoppedAt'>[],
): string[] {
  const ran = tasks.filter(({ startedAt }) => startedAt !== undefined);
  const together = tasks.filter(({ createdAt }, at) =>
    tasks.slice(0, at).some(({ stoppedAt = Number.POSITIVE_INFINITY }) => stoppedAt > createdAt),
  );
  return [
    ...(ran.length > 1 ? [`${ran.length} tasks ran: ${ran.map(({ arn }) => arn).join(', ')}`] : []),
    ...together.map(({ arn }) => `${arn} was started beside another one`),
  ];
}

/** The digest that the run was asked to deploy, whichever image the tag was on while it ran. */
function isAsked({ run, sim }: Case, revision: ServiceRevision): boolean {
  const tag = run.plan.inputs['image-tag'];
  if (tag === undefined) return true;
  const repository = sim.world.registry.repositories.get('backend');
  const digest = [...revision.images.values()][0]?.digest;
  const image = repository?.images.get(digest ?? '');
  return image !== undefined && (image.firstTag === tag || image.tags.has(tag) || image.children.length > 0);
}

function definitionOfRun(of: Case): TaskDefinition | undefined {
  return of.run.services.flatMap((name) => ownDeployments(of, name))[0]?.target.definition;
}

/** A revision that a rollback of the run registered. */
function isTarget(of: Case, definition: TaskDefinition): boolean {
  return of.run.services.some((name) =>
    ownDeployments(of, name)
      .slice(1)
      .some(({ target }) => target.definition === definition),
  );
}

/** When the run last read service deployments before it registered anything: what failed later it could not know. */
function choseBaseBy({ asked }: PlayedRun): number {
  const registered = asked.find(({ call }) => call.action === 'RegisterTaskDefinition');
  const reads = asked.filter(
    ({ call }) =>
      /^(?:List|Describe)ServiceDeployments$/.test(call.action) &&
      call.status === 200 &&
      call.time <= (registered?.call.time ?? Number.POSITIVE_INFINITY),
  );
  return reads.at(-1)?.call.time ?? Number.POSITIVE_INFINITY;
}

/** What became of the deployments of a revision within a run. */
function verdictOn(
  sim: Played['sim'],
  run: PlayedRun,
  definition: TaskDefinition,
  by: number,
): 'good' | 'failed' | 'none' {
  const all = run.services
    .map((name) => find(sim, name))
    .flatMap((service: Service) => service.serviceDeployments);
  return verdictOf(
    all.filter(({ target }) => target.definition === definition),
    by,
  );
}

/** What deployments of one revision came to: failed by a time, or good at the end. */
export function verdictOf(
  deployments: readonly Pick<ServiceDeployment, 'status' | 'statusReason' | 'rollback' | 'finishedAt'>[],
  by: number,
): 'good' | 'failed' | 'none' {
  if (deployments.some(({ status }) => status === 'SUCCESSFUL')) return 'good';
  const hasFailed = deployments.some(({ status, statusReason, rollback, finishedAt }) => {
    const isFailure =
      status.startsWith('ROLLBACK') ||
      (status === 'STOPPED' && !/newer service deployment/.test(statusReason ?? ''));
    return isFailure && (rollback?.startedAt ?? finishedAt ?? 0) <= by;
  });
  return hasFailed ? 'failed' : 'none';
}

function nameOf({ arn }: TaskDefinition): string {
  return arn.replace(/^.*\//, '');
}

/** Whether any task of the service is healthy, for messages. */
export function serves(service: Service): boolean {
  return service.cluster.tasksOf(service).some(isHealthy);
}
