import type { Aws } from '../aws/clients.ts';
import { awsErrorKind, describeAwsError } from '../aws/errors.ts';
import { failureOf } from '../aws/failures.ts';
import type {
  AlarmView,
  Course,
  DeployedImage,
  GateResult,
  Probe,
  Request,
  Rollout,
  Trouble,
} from '../model.ts';
import { withoutQuery } from '../runtime/public-url.ts';
import { within } from '../runtime/within.ts';
import { alarmsGate } from './alarms.ts';
import { digestGate } from './digest.ts';
import { httpGate, type HttpGateTools } from './http.ts';
import { targetsGate } from './targets.ts';
import { alarmTrouble, gateTrouble, httpTrouble, notProven } from './trouble.ts';

export interface GateTools extends HttpGateTools {
  readonly aws: Pick<Aws, 'ecs' | 'ecr' | 'elb' | 'alarms'>;
}

/** Digest, then targets: what has to hold for each service by itself. Ends at the first gate that fails. */
export function proveService(
  tools: GateTools,
  course: Course,
  images: Readonly<Record<string, DeployedImage>>,
  request: Request,
): Promise<Course> {
  const ms = request.gate.deadlineSeconds * 1000;
  const digest: Omit<Proof, 'isExpected'> = {
    name: 'digest',
    run: (rollout) => within(tools.clock, ms, () => digestGate(tools.aws, rollout, images)),
  };
  const digestExpected = Object.keys(images).length > 0;
  return prove(tools, course, [
    { ...digest, isExpected: digestExpected },
    targetsProof(tools, course, request),
  ]);
}

/** A gate of one service, before it ran. */
interface Proof {
  readonly name: GateResult['gate'];
  /** That it is skipped is a warning. */
  readonly isExpected: boolean;
  run(rollout: Rollout): Promise<GateResult>;
}

function targetsProof(tools: GateTools, course: Course, { gate, rollout: asked }: Request): Proof {
  const { deadlineSeconds } = gate;
  const { pollSeconds, failedTaskLimit, failFast } = asked;
  const limits = { deadlineSeconds, pollSeconds, failedTaskLimit, failFast, wanted: course.desiredCount };
  return {
    name: 'targets',
    isExpected: true,
    run: (rollout) => targetsGate(tools, rollout, limits),
  };
}

/** A service without tasks has nothing to prove. */
async function prove(tools: GateTools, course: Course, proofs: readonly Proof[]): Promise<Course> {
  const { rollout } = course;
  if (rollout === undefined || course.trouble !== undefined || course.desiredCount === 0) return course;
  const gates = [...course.gates];
  for (const proof of proofs) {
    const result = await passOrTrouble(proof, rollout);
    if ('remedy' in result) return { ...course, gates, trouble: result };
    gates.push(result);
    const text = `${course.snapshot.address.name}: ${result.gate} gate ${result.state}: ${result.detail}`;
    if (result.state === 'skipped' && proof.isExpected) tools.log.warn(text);
    else tools.log.line(text);
    if (result.state === 'failed') return { ...course, gates, trouble: gateTrouble(course, result) };
  }
  return { ...course, gates };
}

/** Credentials that end here leave the rollout alone; a lost answer skips the proof and says so. */
async function passOrTrouble(proof: Proof, rollout: Rollout): Promise<GateResult | Trouble> {
  try {
    return await proof.run(rollout);
  } catch (error) {
    if (['throttled', 'transient'].includes(awsErrorKind(error))) {
      const detail = `no answer from AWS (${describeAwsError(error)})`;
      return { gate: proof.name, state: 'skipped', detail };
    }
    return notProven(failureOf(error, `proving service "${rollout.snapshot.address.name}"`));
  }
}

/**
 * The health-check URL, once, after all services. A failure counts against every service that this run changed and
 * that is well otherwise; where nothing changed, against all.
 */
export async function proveUrl(
  tools: GateTools,
  courses: readonly Course[],
  request: Request,
  before: Probe | undefined,
): Promise<Course[]> {
  const check = request.gate.http;
  if (check === undefined || judgedTogether(courses).every((course) => course.desiredCount === 0)) {
    return [...courses];
  }
  const url = withoutQuery(check.url);
  const end = await httpGate(tools, check, request.gate, before);
  const result: GateResult = { gate: 'http', state: end.passed ? 'passed' : 'failed', detail: end.detail };
  tools.log.line(`http gate ${result.state}: ${url}: ${end.detail}`);
  return withResult(courses, result, (course) => httpTrouble(course, url, end));
}

/** The alarms, while the new revisions bake; after that the targets and the URL, if one is given, once more. */
export async function bake(
  tools: GateTools,
  courses: readonly Course[],
  request: Request,
  before: { readonly alarms: readonly AlarmView[]; readonly answer: Probe | undefined },
): Promise<Course[]> {
  const { alarms, bakeMinutes } = request.gate;
  const judged = judgedTogether(courses);
  if ((alarms.length === 0 && bakeMinutes === 0) || judged.length === 0) return [...courses];
  const limits = { bakeMinutes, pollSeconds: request.rollout.pollSeconds };
  const baked = await withAlarms(tools, courses, () => alarmsGate(tools, alarms, before.alarms, limits));
  if (bakeMinutes === 0) return baked;
  const again = judgedTogether(baked);
  const proveAgain = async (course: Course): Promise<Course> =>
    again.includes(course) ? prove(tools, course, [targetsProof(tools, course, request)]) : course;
  const proven = await Promise.all(baked.map(proveAgain));
  return proveUrl(tools, proven, request, before.answer);
}

/** What keeps the alarms from being read is the trouble of the services that they judge, and of no other. */
async function withAlarms(
  tools: GateTools,
  courses: readonly Course[],
  gate: () => Promise<GateResult>,
): Promise<Course[]> {
  try {
    const result = await gate();
    const text = `alarms gate ${result.state}: ${result.detail}`;
    if (result.state === 'skipped') tools.log.warn(text);
    else tools.log.line(text);
    return withResult(courses, result, (course) => alarmTrouble(course, result));
  } catch (error) {
    const trouble = notProven(failureOf(error, 'reading the alarms'));
    const judged = judgedTogether(courses);
    return courses.map((course) => (judged.includes(course) ? { ...course, trouble } : course));
  }
}

/** Services that stand or fall with what all of them share: those that this run changed, or else all, while well. */
function judgedTogether(courses: readonly Course[]): Course[] {
  const well = courses.filter((course) => course.trouble === undefined);
  const changed = well.filter((course) => course.move !== 'nothing');
  return changed.length === 0 ? well : changed;
}

function withResult(
  courses: readonly Course[],
  result: GateResult,
  troubleOf: (course: Course) => Trouble,
): Course[] {
  const judged = judgedTogether(courses);
  return courses.map((course) => {
    if (!judged.includes(course)) return course;
    const gates = [...course.gates, result];
    return result.state === 'failed'
      ? { ...course, gates, trouble: troubleOf(course) }
      : { ...course, gates };
  });
}
