/** What a container does: its health check, whom it waits for, where it logs, and what it needs a role for. */
import { objectIn, objectsIn, textIn } from '../../runtime/json.ts';
import { ecrRepositoryOf } from '../../aws/image-reference.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  and,
  api,
  asksForFargate,
  containersOf,
  guide,
  isGiven,
  numberIn,
  observed,
  onEc2,
  onFargate,
  placed,
  textsIn,
  type Found,
  type PlacedContainer,
  type Rule,
} from './rule.ts';

/** Seconds and counts of a health check (API reference, HealthCheck). */
const HEALTH_LIMITS = [
  ['interval', 5, 300],
  ['timeout', 2, 60],
  ['retries', 1, 10],
  ['startPeriod', 0, 300],
] as const;

const MOST_ENVIRONMENT_FILES = 10;
const MOST_EXIT_CODES = 50;
const RESTART_AFTER = { least: 60, most: 1800 };
const LEAST_TIMEOUT = 2;

const CHECK = { command: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'] };

export const CONTAINER_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'command of a health check',
    words: "The health check command of container '{name}' must start with CMD or CMD-SHELL.",
    source: api('HealthCheck'),
    accepted: onEc2({ healthCheck: { command: ['CMD', 'true'] } }),
    refused: onEc2({ healthCheck: { command: ['curl', 'http://localhost/'] } }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) => {
        const check = objectIn(container, 'healthCheck');
        if (!isGiven(check, 'command')) return [];
        const [first = ''] = textsIn(check, 'command');
        // Docker's own NONE switches a check off; whether ECS takes it is not documented.
        if (first === 'CMD' || first === 'CMD-SHELL' || first === 'NONE') return [];
        const instead = 'put CMD-SHELL in front of one text, or CMD in front of the words';
        const at = `${path}.healthCheck.command`;
        return [{ path: at, container: name, values: { name }, instead }];
      }),
  },
  {
    name: 'limits of a health check',
    words:
      "The '{field}' setting of the health check for container '{name}' must be between {least} and {most}.",
    source: api('HealthCheck'),
    accepted: onEc2({ healthCheck: { ...CHECK, interval: 5, timeout: 2, retries: 10, startPeriod: 0 } }),
    refused: onEc2({ healthCheck: { ...CHECK, interval: 1 } }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        HEALTH_LIMITS.flatMap(([field, least, most]) => {
          const value = numberIn(objectIn(container, 'healthCheck'), field);
          if (value === undefined || (value >= least && value <= most)) return [];
          return [
            {
              path: `${path}.healthCheck.${field}`,
              container: name,
              values: { name, field, least, most },
              instead: `write ${least} to ${most}`,
            },
          ];
        }),
      ),
  },
  {
    name: 'containers to wait for',
    words: "Cannot depend on container '{on}' because it does not exist.",
    source: observed('pf-ecs-dependson-container-missing'),
    accepted: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'START' }] }), {}),
    refused: onEc2({ dependsOn: [{ containerName: 'db', condition: 'START' }] }),
    find: (definition) =>
      eachDependency(definition, ({ name }, on, _condition, path) => {
        const known = containersOf(definition).map((each) => each.name);
        if (known.includes(on)) return [];
        const instead = `name one of ${known.filter((each) => each !== name).join(', ') || 'its containers'}`;
        return [{ path: `${path}.containerName`, container: name, values: { on }, instead }];
      }),
  },
  {
    name: 'waiting for an end',
    words: 'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
    source: observed('pf-ecs-dependson-complete-on-essential'),
    accepted: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'SUCCESS' }] }), {
      essential: false,
    }),
    refused: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'SUCCESS' }] }), {}),
    find: (definition) =>
      eachDependency(definition, ({ name }, on, condition, path) => {
        if (condition !== 'SUCCESS' && condition !== 'COMPLETE') return [];
        const target = containersOf(definition).find((each) => each.name === on);
        if (target === undefined || target.container['essential'] === false) return [];
        return [
          {
            path: `${path}.condition`,
            container: name,
            instead: `write essential: false for ${on}, or wait for START or HEALTHY`,
          },
        ];
      }),
  },
  {
    name: 'waiting for health',
    words: 'A dependency container with HEALTHY condition must have health check configured',
    source: observed('pf-ecs-dependson-healthy-without-healthcheck'),
    accepted: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'HEALTHY' }] }), {
      healthCheck: CHECK,
    }),
    refused: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'HEALTHY' }] }), {}),
    find: (definition) =>
      eachDependency(definition, ({ name }, on, condition, path) => {
        const target = containersOf(definition).find((each) => each.name === on);
        if (condition !== 'HEALTHY' || target === undefined) return [];
        if (isGiven(target.container, 'healthCheck')) return [];
        return [
          {
            path: `${path}.condition`,
            container: name,
            instead: `give ${on} a healthCheck, or wait for START`,
          },
        ];
      }),
  },
  {
    name: 'containers that wait in a circle',
    words: 'The container dependencies form a circle: {circle}.',
    source: undefined,
    accepted: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'START' }] }), {}),
    refused: and(onEc2({ dependsOn: [{ containerName: 'side', condition: 'START' }] }), {
      dependsOn: [{ containerName: 'web', condition: 'START' }],
    }),
    find: (definition: JsonObject): Found[] => {
      const circle = circleOf(definition);
      return circle === undefined
        ? []
        : [
            {
              path: 'containerDefinitions',
              container: circle[0],
              values: { circle: circle.join(' → ') },
              instead: 'leave out one of the dependencies, so that one container starts first',
            },
          ];
    },
  },
  {
    name: 'options of awslogs',
    words: 'Log driver awslogs requires options: {options}',
    source: 'https://github.com/klothoplatform/klotho/issues/892',
    accepted: onEc2({
      logConfiguration: {
        logDriver: 'awslogs',
        options: { 'awslogs-group': '/ecs/web', 'awslogs-region': 'us-east-1' },
      },
    }),
    refused: onEc2({ logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/web' } } }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) => {
        const logging = objectIn(container, 'logConfiguration');
        if (logging['logDriver'] !== 'awslogs') return [];
        const options = objectIn(logging, 'options');
        const missing = ['awslogs-region', 'awslogs-group'].filter(
          (option) => !isGiven(options, option) || options[option] === '',
        );
        if (missing.length === 0) return [];
        return [
          {
            path: `${path}.logConfiguration.options`,
            container: name,
            values: { options: missing.join(', ') },
            instead: `add ${missing.join(' and ')}`,
          },
        ];
      }),
  },
  {
    name: 'router of FireLens',
    words:
      'When awsfirelens log driver is specified in log configuration, a firelens configuration object must be specified.',
    source: observed('pf-ecs-awsfirelens-without-router'),
    accepted: and(onEc2({ logConfiguration: { logDriver: 'awsfirelens' } }), {
      firelensConfiguration: { type: 'fluentbit' },
    }),
    refused: onEc2({ logConfiguration: { logDriver: 'awsfirelens' } }),
    find: (definition: JsonObject): Found[] => {
      const routed = containersOf(definition).some(({ container }) =>
        isGiven(container, 'firelensConfiguration'),
      );
      return routed
        ? []
        : eachContainer(definition, ({ name, path, container }) =>
            objectIn(container, 'logConfiguration')['logDriver'] === 'awsfirelens'
              ? [
                  {
                    path: `${path}.logConfiguration.logDriver`,
                    container: name,
                    instead: 'add a container with firelensConfiguration',
                  },
                ]
              : [],
          );
    },
  },
  {
    name: 'role for secrets',
    words: "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    source: observed('pf-ecs-secrets-without-execution-role'),
    accepted: onFargate({ secrets: [{ name: 'KEY', valueFrom: '/app/key' }] }),
    refused: onEc2({ secrets: [{ name: 'KEY', valueFrom: '/app/key' }] }),
    find: (definition) =>
      isGiven(definition, 'executionRoleArn')
        ? []
        : containersOf(definition)
            .filter(({ container }) => isGiven(container, 'secrets'))
            .slice(0, 1)
            .map(({ name }) => ({
              path: 'executionRoleArn',
              container: name,
              instead: `name the role that reads the secrets of ${name}`,
            })),
  },
  {
    name: 'role for logs and images on Fargate',
    words: 'Fargate requires task definition to have execution role ARN to support {purpose}.',
    source: observed('pf-ecs-fargate-execution-role-missing-awslogs'),
    accepted: onFargate({ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1' }),
    refused: {
      ...onFargate({ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1' }),
      executionRoleArn: null,
    },
    find: (definition: JsonObject): Found[] => {
      if (!asksForFargate(definition) || isGiven(definition, 'executionRoleArn')) return [];
      return containersOf(definition)
        .flatMap(({ name, container }) => {
          const purpose = purposeOf(container);
          return purpose === undefined ? [] : [{ name, purpose }];
        })
        .slice(0, 1)
        .map(({ name, purpose }) => ({
          path: 'executionRoleArn',
          container: name,
          values: { purpose },
          instead: `name the task execution role; ${name} needs it for ${purpose}`,
        }));
    },
  },
  {
    name: 'environment files',
    words: 'Invalid arn syntax',
    source: observed('pf-ecs-environment-files-type'),
    accepted: onEc2({ environmentFiles: [{ value: 'arn:aws:s3:::bucket/app.env', type: 's3' }] }),
    refused: onEc2({ environmentFiles: [{ value: 's3://bucket/app.env', type: 's3' }] }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        placed(container, 'environmentFiles', path)
          .filter(
            ({ entry }) => !/^arn:[a-z-]+:s3:::[^/]+\/.+$/.test(textIn(entry, 'value') ?? 'arn:aws:s3:::b/k'),
          )
          .map(({ path: at }) => ({
            path: `${at}.value`,
            container: name,
            instead: 'write arn:aws:s3:::<bucket>/<key>',
          })),
      ),
  },
  {
    name: 'number of environment files',
    words: 'The maximum number of environment files was exceeded. Specify ten or less and try again.',
    source: observed('pf-ecs-environment-files-max'),
    accepted: onEc2({ environmentFiles: files(MOST_ENVIRONMENT_FILES) }),
    refused: onEc2({ environmentFiles: files(MOST_ENVIRONMENT_FILES + 1) }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        objectsIn(container, 'environmentFiles').length > MOST_ENVIRONMENT_FILES
          ? [{ path: `${path}.environmentFiles`, container: name, instead: 'list ten at most' }]
          : [],
      ),
  },
  {
    name: 'ulimits',
    words: 'Soft limit exceeds hard limit for ulimit {ulimit}.',
    source: observed('pf-ecs-ulimit-soft-over-hard'),
    accepted: onEc2({ ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 1024 }] }),
    refused: onEc2({ ulimits: [{ name: 'nofile', softLimit: 2048, hardLimit: 1024 }] }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        placed(container, 'ulimits', path).flatMap(({ path: at, entry }) => {
          const soft = numberIn(entry, 'softLimit') ?? 0;
          const hard = numberIn(entry, 'hardLimit') ?? soft;
          // -1 is unlimited.
          if (hard === -1 || (soft !== -1 && soft <= hard)) return [];
          return [
            {
              path: `${at}.softLimit`,
              container: name,
              values: { ulimit: textIn(entry, 'name') ?? '' },
              instead: `write ${hard} or less`,
            },
          ];
        }),
      ),
  },
  {
    name: 'restart policy',
    words: "The 'restartAttemptPeriod' setting for container '{name}' must be between 60 and 1800.",
    source: observed('pf-ecs-restart-policy-attempt-period-range'),
    accepted: onEc2({ restartPolicy: { enabled: true, restartAttemptPeriod: 60 } }),
    refused: onEc2({ restartPolicy: { enabled: true, restartAttemptPeriod: 30 } }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) => {
        const period = numberIn(objectIn(container, 'restartPolicy'), 'restartAttemptPeriod');
        const { least, most } = RESTART_AFTER;
        if (period === undefined || (period >= least && period <= most)) return [];
        return [
          {
            path: `${path}.restartPolicy.restartAttemptPeriod`,
            container: name,
            values: { name },
            instead: `write ${least} to ${most} seconds`,
          },
        ];
      }),
  },
  {
    name: 'exit codes of a restart policy',
    words: "The restart policy of container '{name}' ignores more than 50 exit codes.",
    source: api('ContainerRestartPolicy'),
    accepted: onEc2({ restartPolicy: { enabled: true, ignoredExitCodes: [0, 143] } }),
    refused: onEc2({
      restartPolicy: { enabled: true, ignoredExitCodes: Array.from({ length: 51 }, (_, at) => at) },
    }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) => {
        const codes = objectIn(container, 'restartPolicy')['ignoredExitCodes'];
        return Array.isArray(codes) && codes.length > MOST_EXIT_CODES
          ? [
              {
                path: `${path}.restartPolicy.ignoredExitCodes`,
                container: name,
                values: { name },
                instead: `list ${MOST_EXIT_CODES} at most`,
              },
            ]
          : [];
      }),
  },
  {
    name: 'timeouts of a container',
    words: "Granular {which} timeout on container '{name}' must be at least 2 seconds.",
    source: guide('task_definition_parameters'),
    accepted: onEc2({ startTimeout: 2, stopTimeout: 2 }),
    refused: onEc2({ stopTimeout: 1 }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        (['start', 'stop'] as const).flatMap((which) => {
          const field = `${which}Timeout`;
          const seconds = numberIn(container, field);
          if (seconds === undefined || seconds >= LEAST_TIMEOUT) return [];
          return [
            {
              path: `${path}.${field}`,
              container: name,
              values: { name, which },
              instead: `write ${LEAST_TIMEOUT} seconds or more, or leave it out`,
            },
          ];
        }),
      ),
  },
  {
    name: 'credential specifications',
    words: "Container '{name}' has more than one credential spec.",
    source: api('ContainerDefinition'),
    accepted: onEc2({ credentialSpecs: ['credentialspec:arn:aws:s3:::bucket/spec.json'] }),
    refused: onEc2({
      credentialSpecs: [
        'credentialspec:arn:aws:s3:::bucket/spec.json',
        'credentialspec:arn:aws:s3:::bucket/other.json',
      ],
    }),
    find: (definition) =>
      eachContainer(definition, ({ name, path, container }) =>
        textsIn(container, 'credentialSpecs').length > 1
          ? [{ path: `${path}.credentialSpecs`, container: name, values: { name }, instead: 'list one' }]
          : [],
      ),
  },
];

function files(count: number): JsonObject[] {
  return Array.from({ length: count }, (_, at) => ({ value: `arn:aws:s3:::bucket/${at}.env`, type: 's3' }));
}

function eachContainer(
  definition: JsonObject,
  find: (container: PlacedContainer) => readonly Found[],
): Found[] {
  return containersOf(definition).flatMap(find);
}

function eachDependency(
  definition: JsonObject,
  find: (container: PlacedContainer, on: string, condition: string, path: string) => readonly Found[],
): Found[] {
  return containersOf(definition).flatMap((container) =>
    placed(container.container, 'dependsOn', container.path).flatMap(({ path, entry }) => {
      const on = textIn(entry, 'containerName');
      return on === undefined ? [] : find(container, on, textIn(entry, 'condition') ?? '', path);
    }),
  );
}

/** The names along the first circle of dependencies; undefined where there is none. */
function circleOf(definition: JsonObject): readonly string[] | undefined {
  const waitsFor = new Map(
    containersOf(definition).map(({ name, container }) => [
      name,
      objectsIn(container, 'dependsOn').flatMap((each) => textIn(each, 'containerName') ?? []),
    ]),
  );
  const done = new Set<string>();
  const follow = (name: string, way: readonly string[]): readonly string[] | undefined => {
    const at = way.indexOf(name);
    if (at >= 0) return [...way.slice(at), name];
    if (done.has(name)) return undefined;
    for (const next of waitsFor.get(name) ?? []) {
      const circle = follow(next, [...way, name]);
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of waitsFor.keys()) {
    const circle = follow(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

function purposeOf(container: JsonObject): string | undefined {
  if (objectIn(container, 'logConfiguration')['logDriver'] === 'awslogs') return 'log driver awslogs';
  return ecrRepositoryOf(textIn(container, 'image') ?? '') === undefined ? undefined : 'ECR images';
}
