import { describe, expect, it } from '@jest/globals';
import {
  describeServiceDeployment,
  describeServiceRevisions,
  listServiceDeployments,
} from '../../src/ecs/service-deployments.ts';
import { describeTasks, listServiceTasks } from '../../src/ecs/tasks.ts';
import { awsError, denied, expired } from '../fakes/aws-errors.ts';

const ADDRESS = { cluster: 'prod', name: 'web' };

/** Answers with these pages in order, and keeps the tokens that it was asked with. */
function paged(field: string, pages: readonly (readonly unknown[])[]): { call: never; tokens: unknown[] } {
  const tokens: unknown[] = [];
  const call = (input: { nextToken?: string }): Promise<object> => {
    tokens.push(input.nextToken);
    const at = Number(input.nextToken ?? 0);
    const more = at + 1 < pages.length ? { nextToken: String(at + 1) } : {};
    return Promise.resolve({ [field]: pages[at], ...more });
  };
  return { call: call as never, tokens };
}

describe('service deployments', () => {
  const brief = (id: number): object => ({ serviceDeploymentArn: `dep/${id}`, createdAt: new Date(id) });

  it('are read page by page, and come newest first', async () => {
    const { call, tokens } = paged('serviceDeployments', [[brief(1), brief(3)], [brief(2)]]);
    const found = await listServiceDeployments({ listServiceDeployments: call }, ADDRESS);
    expect(found?.map((each) => each.serviceDeploymentArn)).toEqual(['dep/3', 'dep/2', 'dep/1']);
    expect(tokens).toEqual([undefined, '1']);
  });

  it('are read no further than is enough', async () => {
    const { call, tokens } = paged('serviceDeployments', [[brief(3)], [brief(2)], [brief(1)]]);
    const enough = (found: readonly unknown[]): boolean => found.length >= 2;
    expect(await listServiceDeployments({ listServiceDeployments: call }, ADDRESS, { enough })).toHaveLength(
      2,
    );
    expect(tokens).toHaveLength(2);
  });

  it.each([denied(), awsError('UnsupportedFeatureException'), awsError('UnknownOperationException')])(
    'are not known where %s',
    async (error) => {
      const call = (): Promise<never> => Promise.reject(error);
      expect(await listServiceDeployments({ listServiceDeployments: call }, ADDRESS)).toBeUndefined();
      expect(await describeServiceDeployment({ describeServiceDeployments: call }, 'x')).toBeUndefined();
      expect(await describeServiceRevisions({ describeServiceRevisions: call }, ['x'])).toEqual([]);
    },
  );

  it.each([expired(), awsError('ServerException', 'x', 500)])('are an error where %s', async (error) => {
    const call = (): Promise<never> => Promise.reject(error);
    await expect(listServiceDeployments({ listServiceDeployments: call }, ADDRESS)).rejects.toBe(error);
    await expect(describeServiceDeployment({ describeServiceDeployments: call }, 'x')).rejects.toBe(error);
    await expect(describeServiceRevisions({ describeServiceRevisions: call }, ['x'])).rejects.toBe(error);
  });

  it.each(['again', ''])('are not listed for ever where the page %j leads to itself', async (nextToken) => {
    const call = (): Promise<object> => Promise.resolve({ taskArns: ['a'], nextToken });
    const listed = listServiceTasks({ listTasks: call as never }, ADDRESS, 'RUNNING');
    await (nextToken === ''
      ? expect(listed).resolves.toEqual(['a'])
      : expect(listed).rejects.toThrow('AWS answered ListTasks in a form that its API does not have'));
  });

  it.each([
    [0, []],
    [20, [20]],
    [41, [20, 20, 1]],
  ])('%d revisions are asked for by the 20 that AWS takes', async (count, sizes) => {
    const asked: number[] = [];
    const call = (input: { serviceRevisionArns?: string[] }): Promise<object> => {
      asked.push(input.serviceRevisionArns?.length ?? 0);
      return Promise.resolve({ serviceRevisions: input.serviceRevisionArns?.map(() => ({})) });
    };
    const arns = Array.from({ length: count }, (_, at) => `rev/${at}`);
    expect(await describeServiceRevisions({ describeServiceRevisions: call as never }, arns)).toHaveLength(
      count,
    );
    expect(asked).toEqual(sizes);
  });
});

describe('tasks', () => {
  it('are listed to the last page', async () => {
    const { call } = paged('taskArns', [['a', 'b'], ['c'], []]);
    expect(await listServiceTasks({ listTasks: call }, ADDRESS, 'RUNNING')).toEqual(['a', 'b', 'c']);
  });

  it.each([
    [0, []],
    [100, [100]],
    [201, [100, 100, 1]],
  ])('%d of them are asked for by the 100 that AWS takes', async (count, sizes) => {
    const asked: number[] = [];
    const call = (input: { tasks?: string[] }): Promise<object> => {
      asked.push(input.tasks?.length ?? 0);
      return Promise.resolve({ tasks: input.tasks?.map(() => ({})) });
    };
    const arns = Array.from({ length: count }, (_, at) => `task/${at}`);
    expect(await describeTasks({ describeTasks: call as never }, 'prod', arns)).toHaveLength(count);
    expect(asked).toEqual(sizes);
  });
});
