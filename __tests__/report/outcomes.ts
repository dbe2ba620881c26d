import type {
  CheckResult,
  DefinitionChange,
  Evidence,
  GateResult,
  ServiceCost,
} from '../../src/model/index.ts';
import { composeReport, runFacts, type Report } from '../../src/report/report.ts';
import { endingOf, newRunRecord, type RunRecord } from '../../src/report/run-record.ts';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { DeployError } from '../../src/runtime/error.ts';
import {
  serviceRunOf,
  outcomeOf,
  REPOSITORY,
  requestOf,
  revisionArn,
  snapshotOf,
} from '../fakes/literals.ts';
import { RECORDED, REGISTERED, recordOf } from './reports.ts';

/** A push of a commit by somebody. */
export const RUN = runFacts({
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octo-org/video',
  GITHUB_RUN_ID: '42',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_JOB: 'deploy',
  GITHUB_ACTION: 'deploy',
  GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_ACTOR: 'octocat',
  GITHUB_EVENT_NAME: 'push',
});

const GATES: readonly GateResult[] = [
  { gate: 'digest', state: 'passed', detail: 'every task runs it' },
  { gate: 'targets', state: 'passed', detail: '2 of 2 are healthy' },
  { gate: 'http', state: 'passed', detail: '3 good answers' },
];

const CHANGES: readonly DefinitionChange[] = [
  { path: 'containerDefinitions[web].environment[LOG_LEVEL]', kind: 'changed' },
  {
    path: 'containerDefinitions[web].image',
    kind: 'changed',
    before: 'backend:1.4.1',
    after: 'backend:1.4.2',
  },
  { path: 'cpu', kind: 'changed', before: '256', after: '512' },
];

const CHECKS: readonly CheckResult[] = [
  { check: 'image', state: 'OK', detail: 'backend:1.4.2 is there', denied: false },
  { check: 'circuit breaker', state: 'WARNING', detail: 'is off', denied: false },
  { check: 'task role', state: 'SKIPPED', detail: 'iam:GetRole', denied: true },
];

const COST: ServiceCost = {
  service: 'backend',
  region: 'us-east-1',
  before: known(18.02, 0.25),
  after: known(36.04, 0.5),
  note: undefined,
};

function known(dollars: number, vcpu: number): ServiceCost['after'] {
  const size = { tasks: 2, vcpu, gigabytes: 1, architecture: 'x86', storageGigabytes: 20 } as const;
  return { kind: 'known', dollars, ...size, asOf: '2026-04' };
}

const LOOK = {
  service: 'backend',
  desired: 2,
  running: 0,
  healthy: 0,
  old: 2,
  draining: 0,
  failed: 0,
  stage: 'in progress',
};
const POINTS = [
  { ...LOOK, at: 6 },
  { ...LOOK, at: 20, running: 2 },
  { ...LOOK, at: 40, running: 2, healthy: 2 },
  { ...LOOK, at: 55, running: 2, healthy: 2, old: 0 },
];

const STEPS = [
  { name: 'Survey', from: 0, seconds: 1.2, ok: true, mark: 'done' as const },
  { name: 'Image', from: 1.2, seconds: 0.4, ok: true, mark: 'done' as const },
  { name: 'Roll out', from: 4, seconds: 1, ok: true, mark: 'done' as const },
  { name: 'Watch', from: 5, seconds: 50, ok: true, mark: 'done' as const },
  { name: 'Gate', from: 55, seconds: 6, ok: true, mark: 'done' as const },
];

const CRASH: readonly Evidence[] = [
  { kind: 'stopped-task', text: 'task 0a1b: container "web" exited with code 1: Essential container exited' },
  { kind: 'log', text: 'RuntimeError: DATABASE_URL is not set' },
];

function reported(record: Partial<RunRecord>, mode: 'deploy' | 'plan' | 'rollback' = 'deploy'): Report {
  const whole = recordOf({
    checks: CHECKS,
    costs: [COST],
    definitions: [{ ...REGISTERED, changes: CHANGES }],
    serviceRuns: [serviceRunOf({ gates: GATES })],
    ...record,
  });
  return composeReport(requestOf({ mode }), RUN, whole, { ...RECORDED, steps: STEPS, points: POINTS });
}

/** A run that ended before any service was touched. */
function early(failure: Error, record: Partial<RunRecord> = {}): Report {
  const whole = { ...newRunRecord(), ...record, ending: endingOf(failure) };
  const steps = [{ name: 'Survey', from: 0, seconds: 0.3, ok: false, mark: 'failed' as const }];
  return composeReport(requestOf(), RUN, whole, { ...RECORDED, durationSeconds: 0.4, steps });
}

function failed(
  cause: 'app-crashed' | 'timeout' | 'superseded' | 'rollback-failed',
  result: 'rolled-back' | 'failed' | 'timed-out' | 'superseded',
  nowRunning: string,
): Report {
  const outcome = outcomeOf({
    result,
    cause,
    message: `The deployment of backend:8 to backend failed (${cause}).`,
    nowRunning,
    hint: 'Look at the last log lines of the container.',
    evidence: cause === 'rollback-failed' ? [{ kind: 'first-cause', text: 'app-crashed' }] : CRASH,
  });
  return reported({ serviceRuns: [serviceRunOf({ outcome })] });
}

const WORKER = snapshotOf({ address: { ...snapshotOf().address, name: 'worker' } });

/** One report of each row of the outcome table, by its name. */
export const OUTCOMES: Readonly<Record<string, Report>> = {
  'proven healthy': reported({
    previousCommit: 'f'.repeat(40),
    image: { ...recordOf().image!, tag: 'a'.repeat(40) },
  }),
  'built and proven healthy': reported({
    image: { ...recordOf().image!, tag: 'a'.repeat(40) },
    build: {
      reused: false,
      seconds: 83.4,
      steps: { total: 9, cached: 5 },
      sizeBytes: 61_234_567,
      digest: recordOf().image!.digest,
      tags: [`${REPOSITORY}:${'a'.repeat(40)}`, `${REPOSITORY}:${'a'.repeat(40)}-0123456789ab`],
      platforms: ['linux/arm64'],
    },
  }),
  'nothing to deploy': reported({
    definitions: [{ ...REGISTERED, registered: false }],
    checks: [],
    serviceRuns: [
      serviceRunOf({
        change: 'none',
        taskDefinitionArn: revisionArn('backend:7'),
        outcome: outcomeOf({
          result: 'unchanged',
          message: 'Service "backend" already runs backend:7: nothing to do.',
        }),
      }),
    ],
  }),
  planned: reported(
    {
      wouldChange: true,
      definitions: [{ ...REGISTERED, arn: '', registered: false, changes: CHANGES }],
      serviceRuns: [
        serviceRunOf({
          taskDefinitionArn: '',
          rollout: undefined,
          outcome: outcomeOf({
            result: 'planned',
            message:
              'A deployment would register a new revision of backend and roll it out to service "backend".',
          }),
        }),
      ],
    },
    'plan',
  ),
  registered: reported({ serviceRuns: [] }),
  started: reported({
    serviceRuns: [
      serviceRunOf({
        outcome: outcomeOf({
          result: 'started',
          message: 'backend:8 is on its way to backend; nobody waits for it.',
        }),
      }),
    ],
  }),
  'bad input': early(
    new DeployError('invalid-input', 'Invalid inputs, 2 problems: cpu, memory.', {
      hint: 'cpu: "3" is no task size. Give 256 or more.\nmemory: "x" is no number.',
    }),
  ),
  'no such service': early(
    new DeployError(
      'service-not-found',
      'Service "web" was not found in cluster "prod" (eu-central-1). Services there: api, worker.',
    ),
  ),
  'a check failed': early(
    new DeployError('preflight-failed', 'The preflight check "image" failed: backend:9 is not in ECR.', {
      evidence: [{ kind: 'status', text: 'image: backend:9 is not in ECR' }],
    }),
    {
      checks: [
        { check: 'image', state: 'FAILED', detail: 'backend:9 is not in ECR', denied: false },
        ...CHECKS,
      ],
    },
  ),
  'rolled back': failed('app-crashed', 'rolled-back', 'Service "backend" now runs backend:7 (2 of 2 tasks).'),
  'failed and left': failed('app-crashed', 'failed', 'Service "backend" now runs backend:8 (1 of 2 tasks).'),
  'the rollback failed': failed(
    'rollback-failed',
    'failed',
    'Service "backend" now runs backend:7 (0 of 2 tasks).',
  ),
  'timed out': failed(
    'timeout',
    'timed-out',
    'Service "backend" now runs backend:8 (2 of 2 tasks) and backend:7 (1 task).',
  ),
  superseded: failed('superseded', 'superseded', 'Service "backend" now runs backend:9 (2 of 2 tasks).'),
  cancelled: reported({
    ending: endingOf(new Cancelled('SIGINT')),
    serviceRuns: [
      serviceRunOf({
        outcome: outcomeOf({
          result: 'cancelled',
          cause: 'cancelled',
          message: 'The job was cancelled (SIGINT).',
          nowRunning: 'ECS goes on with the deployment of backend:8 to service "backend".',
        }),
      }),
    ],
  }),
  'two services, one failed': reported({
    serviceRuns: [
      serviceRunOf({ gates: GATES }),
      serviceRunOf({
        snapshot: WORKER,
        outcome: outcomeOf({
          result: 'rolled-back',
          cause: 'out-of-memory',
          message: 'The deployment of backend:8 to worker ran out of memory; it was rolled back.',
          nowRunning: 'Service "worker" now runs backend:7 (2 of 2 tasks).',
        }),
      }),
    ],
  }),
};
