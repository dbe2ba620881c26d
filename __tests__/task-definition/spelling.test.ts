import { describe, expect, test } from '@jest/globals';
import type { TaskDefinition } from '../../src/model/index.ts';
import { reviewSpelling, unknownFields } from '../../src/task-definition/shape.ts';

function definition(container: object, task: object = {}): TaskDefinition {
  return {
    family: 'web',
    ...task,
    containerDefinitions: [{ name: 'web', image: 'web:1', ...container }],
  };
}

const log = { line: (): void => undefined, warn: (): void => undefined, point: (): void => undefined };

describe('fields of a task definition file', () => {
  test.each([
    [{ enviroment: [] }, 'containerDefinitions[web].enviroment', 'environment'],
    [{ portmappings: [] }, 'containerDefinitions[web].portmappings', 'portMappings'],
    [{ healthCheck: { comand: [] } }, 'containerDefinitions[web].healthCheck.comand', 'command'],
    [
      { logConfiguration: { logdriver: 'awslogs' } },
      'containerDefinitions[web].logConfiguration.logdriver',
      'logDriver',
    ],
  ])('a slip names the field that was meant: %j', (container, path, meant) => {
    expect(unknownFields(definition(container))).toEqual([{ path, meant }]);
  });

  test('a field that nothing resembles may be new in AWS', () => {
    expect(unknownFields(definition({}, { quantumCores: 4 }))).toEqual([
      { path: 'quantumCores', meant: undefined },
    ]);
  });

  test('names that the user chooses are no fields', () => {
    const free = {
      dockerLabels: { 'com.example.enviroment': 'x' },
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-grup': 'x' } },
      environment: [{ name: 'A', value: 'x' }],
    };
    expect(unknownFields(definition(free, { cpu: '256', tags: [{ key: 'a', value: 'b' }] }))).toEqual([]);
  });

  test('slips are one error, unknown fields a warning each', () => {
    expect(() => {
      reviewSpelling(definition({ enviroment: [], comand: [] }), 'task.json', log);
    }).toThrow(
      'task-definition: task.json has unknown fields: containerDefinitions[web].enviroment (did you mean environment?), containerDefinitions[web].comand (did you mean command?).',
    );
    const warned: string[] = [];
    reviewSpelling(definition({}, { quantumCores: 4 }), 'task.json', {
      ...log,
      warn: (text) => warned.push(text),
    });
    expect(warned).toEqual([
      'task-definition: task.json has the field quantumCores, which this version does not know; AWS gets it as it is.',
    ]);
  });
});
