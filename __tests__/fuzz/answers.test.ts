import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isError } from '../../src/runtime/error.ts';
import { SILENCE } from '../../src/runtime/log.ts';
import { surveyServices } from '../../src/service/survey.ts';
import { loadRevision } from '../../src/task-definition/load.ts';
import { holdsInTime, LIMIT } from './runs.ts';

const ARN = 'arn:aws:ecs:us-east-1:123456789012';

/** What DescribeServices answers to a service that is well. */
const SERVICE = {
  serviceArn: `${ARN}:service/demo/web`,
  serviceName: 'web',
  clusterArn: `${ARN}:cluster/demo`,
  status: 'ACTIVE',
  desiredCount: 2,
  runningCount: 2,
  pendingCount: 0,
  launchType: 'FARGATE',
  taskDefinition: `${ARN}:task-definition/web:1`,
  deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 100 },
  deployments: [
    {
      id: 'ecs-svc/1',
      status: 'PRIMARY',
      taskDefinition: `${ARN}:task-definition/web:1`,
      desiredCount: 2,
      runningCount: 2,
      rolloutState: 'COMPLETED',
    },
  ],
  loadBalancers: [{ targetGroupArn: 'arn:tg', containerName: 'web', containerPort: 80 }],
  events: [{ id: 'e1', message: 'has reached a steady state.' }],
};

const odd = fc.oneof(
  fc.constantFrom(undefined, null, '', 0, -1, Number.NaN, [], {}, [null], [{}], 'arn:aws', true),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 2 }),
);

type Tree = Record<string, unknown>;

/** An answer in which some fields are gone or are something else. */
function broken(answer: Tree): fc.Arbitrary<Tree> {
  const fields = Object.keys(answer);
  return fc
    .array(fc.tuple(fc.constantFrom(...fields), odd), { maxLength: 3 })
    .map((changes) => ({ ...structuredClone(answer), ...Object.fromEntries(changes) }));
}

/** A value or an error that a person can read, never a slip of the program. */
async function isClear(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    expect(isError(error)).toBe(true);
    const { name, message } = error as Error;
    expect(message).not.toBe('');
    expect([name, message]).not.toEqual(['TypeError', expect.anything()]);
  }
}

test(
  'services that break their schema are read or refused in words',
  async () => {
    const answers = fc.record(
      {
        services: fc.oneof(fc.array(fc.oneof(broken(SERVICE), odd), { maxLength: 2 }), odd),
        failures: fc.oneof(odd, fc.constant([])),
      },
      { requiredKeys: [] },
    );
    const others = fc.oneof(
      fc.record({ serviceDeployments: odd, serviceRevisions: odd }, { requiredKeys: [] }),
      fc.constant({}),
    );
    await holdsInTime(
      fc.asyncProperty(answers, others, async (services, more) => {
        const reads = new Proxy(
          {},
          {
            get: (_target, name) => () =>
              Promise.resolve(structuredClone(name === 'describeServices' ? services : more)),
          },
        );
        const aws = { region: 'us-east-1', ecs: reads as never };
        await isClear(surveyServices({ aws, log: SILENCE }, 'demo', ['web']));
      }),
    );
  },
  LIMIT,
);

test(
  'revisions that break their schema are read or refused in words',
  async () => {
    const described = {
      taskDefinitionArn: `${ARN}:task-definition/web:1`,
      family: 'web',
      status: 'ACTIVE',
      containerDefinitions: [{ name: 'web', image: 'nginx:1' }],
    };
    await holdsInTime(
      fc.asyncProperty(fc.oneof(broken(described), odd), odd, async (taskDefinition, tags) => {
        const describe = (): Promise<never> => Promise.resolve({ taskDefinition, tags } as never);
        const aws = { region: 'us-east-1', taskDefinitions: { describe, register: describe } };
        await isClear(loadRevision(aws, 'web:1'));
      }),
    );
  },
  LIMIT,
);
