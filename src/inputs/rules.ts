/**
 * The rules between inputs. Each rule is a function from what was asked to its problems; every problem starts
 * with the name of the input that has to change.
 */
import type { Request } from '../model/index.ts';
import { BUILD_INPUTS } from './build.ts';
import { RENDERING_INPUTS } from './definition.ts';
import { HTTP_EXPECTATIONS } from './gates.ts';
import type { InputReader } from './reader.ts';
import { either, quoted } from './values.ts';

interface Asked {
  readonly request: Request;
  /** Whether an input was set to other than its default. */
  readonly isSet: (input: string) => boolean;
}

type Rule = (asked: Asked) => readonly string[];

const IMAGE_SOURCES = ['image', 'images', 'image-tag', 'context'] as const;

const RULES: readonly Rule[] = [
  oneImageSource,
  tagAndBuildNeedARepository,
  repositoryNeedsAnImage,
  buildInputsNeedAContext,
  buildSecretsHaveIdsOfTheirOwn,
  imagesNameTheirContainers,
  somethingToStartFrom,
  namesInOneEnvironmentOnly,
  replaceNeedsAnEnvironment,
  preDeployNeedsACommand,
  rollbackTakesNothingNew,
  promotionTakesNothingNew,
  oneDeploymentIsForGoingOnOrBack,
  rolloutNeedsAService,
  evaluationNeedsWaiting,
  gatesNeedTasks,
  expectationsNeedAUrl,
];

/** Everything that is wrong between the inputs, in the order of the rules. */
export function problemsBetween(request: Request, read: InputReader): readonly string[] {
  const asked = { request, isSet: (input: string): boolean => read.isSet(input) };
  return RULES.flatMap((rule) => rule(asked));
}

function oneImageSource({ isSet }: Asked): readonly string[] {
  const [first, ...others] = IMAGE_SOURCES.filter(isSet);
  return others.map((other) => `${other}: it excludes ${first ?? ''}. Give one of ${either(IMAGE_SOURCES)}.`);
}

function tagAndBuildNeedARepository({ isSet }: Asked): readonly string[] {
  if (isSet('ecr-repository')) return [];
  const needing = (['image-tag', 'context'] as const).filter(isSet);
  return needing.map((input) => `ecr-repository: it is missing, and ${input} needs it. Name the repository.`);
}

/** An expression that came out empty looks like an input that was not given; it must not be a green step. */
function repositoryNeedsAnImage({ request, isSet }: Asked): readonly string[] {
  const given = IMAGE_SOURCES.some(isSet);
  if (!isSet('ecr-repository') || given || ['rollback', 'promote'].includes(request.mode)) return [];
  return [
    'ecr-repository: nothing says which image of it is meant. Give image-tag (an expression that came out empty ' +
      'looks like one that was left out) or context, or leave ecr-repository out.',
  ];
}

function buildInputsNeedAContext({ isSet }: Asked): readonly string[] {
  if (isSet('context')) return [];
  return BUILD_INPUTS.filter(isSet).map(
    (input) => `${input}: nothing is built without a context. Give context, or leave ${input} out.`,
  );
}

/** Buildx takes the last of two secrets of one id without a word. `id=npm,src=…` is the form of its command line. */
function buildSecretsHaveIdsOfTheirOwn({ request: { build } }: Asked): readonly string[] {
  const lines = [
    ...build.secrets.map((line) => ({ input: 'build-secrets', line })),
    ...build.secretFiles.map((line) => ({ input: 'build-secret-files', line })),
    ...build.secretEnvs.map((line) => ({ input: 'build-secret-envs', line })),
  ];
  const given = new Map<string, string>();
  return lines.flatMap(({ input, line }) => {
    const id = line.split('=', 1)[0] ?? '';
    const cli = /^id=([\w.-]+),(?:src|source|env|type)=/.exec(line)?.[1];
    const before = given.get(id);
    given.set(id, input);
    if (cli !== undefined) {
      return [
        `${input}: that is the form of the command line. Write ${cli}= and what stands for it: a value in build-secrets, a path in build-secret-files, a variable in build-secret-envs.`,
      ];
    }
    return before === undefined || before === input
      ? []
      : [`${input}: the secret ${quoted(id)} is in ${before} too. Leave one out.`];
  });
}

function imagesNameTheirContainers({ isSet }: Asked): readonly string[] {
  if (!isSet('images') || !isSet('container-name')) return [];
  return ['container-name: it excludes images, whose lines name the containers. Leave one of the two out.'];
}

function somethingToStartFrom({ request, isSet }: Asked): readonly string[] {
  if (isSet('service')) return [];
  if (request.mode === 'rollback') {
    return ['service: it is missing, and mode: rollback needs it. Name the service that goes back.'];
  }
  if (request.mode === 'promote') {
    return ['service: it is missing, and mode: promote needs it. Name the service whose deployment waits.'];
  }
  if (!isSet('task-definition')) {
    return [
      'service: neither it nor task-definition is given, so there is nothing to start from. Give one of them.',
    ];
  }
  if (request.definition.base.kind === 'running') {
    return ['task-definition: "running" is what a service runs, and no service is given. Name the service.'];
  }
  return [];
}

function namesInOneEnvironmentOnly({ request: { definition } }: Asked): readonly string[] {
  return Object.keys(definition.secrets.set)
    .filter((name) => Object.hasOwn(definition.environment.set, name))
    .map(
      (name) => `secrets: ${quoted(name)} is set in environment-variables too. Leave it out of one of them.`,
    );
}

function replaceNeedsAnEnvironment({ request, isSet }: Asked): readonly string[] {
  const given = isSet('environment-variables') || isSet('secrets');
  if (request.definition.environmentMode === 'merge' || given) return [];
  return [
    'environment-mode: "replace" would remove every variable and secret, since neither environment-variables ' +
      'nor secrets is given. Give one of them, or merge.',
  ];
}

function preDeployNeedsACommand({ isSet }: Asked): readonly string[] {
  if (isSet('pre-deploy-command')) return [];
  return (['pre-deploy-container', 'pre-deploy-timeout-minutes'] as const)
    .filter(isSet)
    .map((input) => `${input}: nothing runs without pre-deploy-command. Give it, or leave ${input} out.`);
}

function rollbackTakesNothingNew({ request, isSet }: Asked): readonly string[] {
  if (request.mode !== 'rollback') return [];
  const newThings = [...IMAGE_SOURCES, 'ecr-repository', ...RENDERING_INPUTS, 'pre-deploy-command'];
  const { kind } = request.definition.base;
  const base =
    isSet('task-definition') && kind !== 'revision'
      ? [
          'task-definition: a rollback goes to one revision. Give family:revision, or leave task-definition out.',
        ]
      : [];
  const taken = newThings
    .filter(isSet)
    .map((input) => `${input}: a rollback deploys a revision that exists already. Leave ${input} out.`);
  return [...taken, ...base];
}

/** It goes on with what is there: nothing that would change it can be meant. */
function promotionTakesNothingNew({ request, isSet }: Asked): readonly string[] {
  if (request.mode !== 'promote') return [];
  const newThings = [
    ...IMAGE_SOURCES,
    ...BUILD_INPUTS,
    'ecr-repository',
    'task-definition',
    ...RENDERING_INPUTS,
    'pre-deploy-command',
    'desired-count',
    'force-new-deployment',
    'enable-ecs-managed-tags',
    'propagate-tags',
  ];
  const useless = newThings
    .filter(isSet)
    .map((input) => `${input}: mode: promote goes on with a deployment that is there. Leave ${input} out.`);
  const waits = request.rollout.wait
    ? []
    : ['wait-for-service-stability: mode: promote follows the deployment to its end. Leave it out.'];
  return [...useless, ...waits];
}

function oneDeploymentIsForGoingOnOrBack({ request, isSet }: Asked): readonly string[] {
  if (!isSet('service-deployment-arn') || ['promote', 'rollback'].includes(request.mode)) return [];
  return [
    'service-deployment-arn: it says which deployment mode: promote or mode: rollback means. Leave it out.',
  ];
}

function rolloutNeedsAService({ isSet }: Asked): readonly string[] {
  if (isSet('service')) return [];
  return SERVICE_INPUTS.filter(isSet).map(
    (input) => `${input}: it has no effect without a service. Give service, or leave ${input} out.`,
  );
}

const SERVICE_INPUTS = [
  'pre-deploy-command',
  'desired-count',
  'force-new-deployment',
  'enable-ecs-managed-tags',
  'propagate-tags',
  'health-check-url',
  'test-url',
  'alarms',
  'metrics',
  'bake-minutes',
] as const;

/** Without a task nothing can be asked: such a run is green and proves nothing. */
function gatesNeedTasks({ request, isSet }: Asked): readonly string[] {
  if (request.rollout.desiredCount !== 0) return [];
  return (['health-check-url', 'test-url', 'alarms', 'metrics', 'bake-minutes'] as const)
    .filter(isSet)
    .map(
      (input) =>
        `${input}: with desired-count: 0 no task runs that it could judge. Give another count, or leave ${input} out.`,
    );
}

function evaluationNeedsWaiting({ request, isSet }: Asked): readonly string[] {
  if (request.rollout.wait) return [];
  return [
    ...HTTP_EXPECTATIONS,
    'health-check-url',
    'test-url',
    'health-check-deadline-seconds',
    'alarms',
    'metrics',
    'bake-minutes',
    'on-failure',
  ]
    .filter(isSet)
    .map(
      (input) =>
        `${input}: it has no effect with wait-for-service-stability: false. Wait, or leave ${input} out.`,
    );
}

function expectationsNeedAUrl({ request, isSet }: Asked): readonly string[] {
  if (isSet('health-check-url') || isSet('test-url') || !request.rollout.wait) return [];
  return HTTP_EXPECTATIONS.filter(isSet).map(
    (input) => `${input}: nothing is asked without health-check-url. Give it, or leave ${input} out.`,
  );
}
