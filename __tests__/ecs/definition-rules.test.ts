import { describe, expect, test } from '@jest/globals';
import {
  DEFINITION_RULES,
  definitionViolations,
  placementViolations,
  runTaskViolations,
} from '../../src/ecs/definition-rules/index.ts';
import { onEc2, onFargate, violationsOf } from '../../src/ecs/definition-rules/rule.ts';
import { SERVICE_RULES, TASK_RULES } from '../../src/ecs/definition-rules/service.ts';

describe('the rules of RegisterTaskDefinition', () => {
  test.each(DEFINITION_RULES.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
    expect(violationsOf([rule], rule.accepted)).toEqual([]);
    const [violation] = violationsOf([rule], rule.refused);
    expect(violation).toBeDefined();
    expect(violation?.words).not.toMatch(/[{}]/);
    expect(violation?.path).not.toBe('');
    expect(violation?.instead).toMatch(/^[^.]+/);
    expect(violation?.certain).toBe(rule.source !== undefined);
    // What AWS takes, every other rule takes too.
    expect(definitionViolations(rule.accepted)).toEqual([]);
  });

  test('each has a name of its own, and a source that is an address', () => {
    const names = DEFINITION_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const sources = DEFINITION_RULES.flatMap(({ source }) => source ?? []);
    expect(sources.filter((source) => !source.startsWith('https://'))).toEqual([]);
    expect(names.length).toBeGreaterThan(70);
  });
});

describe('the rules of UpdateService and RunTask', () => {
  test.each([...SERVICE_RULES, ...TASK_RULES].map((rule) => [rule.name, rule] as const))(
    '%s',
    (_name, rule) => {
      expect(violationsOf([rule], rule.accepted)).toEqual([]);
      const [violation] = violationsOf([rule], rule.refused);
      expect(violation?.words).not.toMatch(/[{}]/);
      expect(violation?.code).toBe('InvalidParameterException');
      expect(violation?.path).not.toBe('');
      expect(violation?.instead).toMatch(/^[^.]+/);
      expect(violation?.certain).toBe(rule.source !== undefined);
      expect(rule.source ?? 'https://').toMatch(/^https:\/\//);
    },
  );

  test('what fits breaks none of them', () => {
    const definition = onFargate({ portMappings: [{ containerPort: 80, name: 'http' }] });
    const settings = {
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
      launchType: 'FARGATE',
      loadBalancers: [{ containerName: 'web', containerPort: 80 }],
    };
    expect(placementViolations({ definition, settings })).toEqual([]);
    expect(runTaskViolations({ definition, settings })).toEqual([]);
  });
});

describe('sizes in every spelling that AWS takes', () => {
  test.each([
    ['256', '512'],
    ['.25 vCPU', '.5 GB'],
    ['0.25 vCPU', '0.5GB'],
    ['0.25vcpu', '1 gb'],
    ['1 vCPU', '2 GB'],
    ['1024', '2048'],
    ['16 vCPU', '120 GB'],
  ])('cpu %s and memory %s', (cpu, memory) => {
    expect(definitionViolations(onFargate({}, { cpu, memory }))).toEqual([]);
  });

  test.each([
    ['256', '4096', 'memory', 'with cpu 256 write 512, 1024, 2048'],
    ['300', '512', 'cpu', 'write one of 256, 512, 1024, 2048, 4096, 8192, 16384'],
    ['8 vCPU', '17 GB', 'memory', 'with cpu 8192 write 16384 to 61440 MiB in steps of 4096'],
  ])('refuses cpu %s with memory %s', (cpu, memory, path, instead) => {
    expect(definitionViolations(onFargate({}, { cpu, memory }))).toEqual([
      expect.objectContaining({ rule: 'size on Fargate', path, instead, certain: true }),
    ]);
  });

  test('Windows has whole vCPUs', () => {
    const windows = { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } };
    expect(definitionViolations(onFargate({}, { ...windows, cpu: '512', memory: '1024' }))).toEqual([
      expect.objectContaining({ path: 'cpu', instead: 'write one of 1024, 2048, 4096' }),
    ]);
    expect(definitionViolations(onFargate({}, { ...windows, cpu: '1024', memory: '2048' }))).toEqual([]);
  });
});

describe('what AWS may have added since', () => {
  test('a value that is near none of a growing list is not certain to be refused', () => {
    const [violation] = definitionViolations(
      onFargate({}, { runtimePlatform: { operatingSystemFamily: 'PLAN9_SERVER' } }),
    );
    expect(violation).toMatchObject({
      path: 'runtimePlatform.operatingSystemFamily',
      certain: false,
    });
  });

  test('a slip is', () => {
    expect(definitionViolations(onEc2({}, { networkMode: 'awsvpcs' }))).toEqual([
      expect.objectContaining({ path: 'networkMode', instead: 'write awsvpc, not awsvpcs', certain: true }),
    ]);
    expect(definitionViolations(onEc2({ portMappings: [{ containerPort: 80, protocol: 'TCP' }] }))).toEqual([
      expect.objectContaining({ instead: 'write tcp, not TCP', container: 'web' }),
    ]);
  });
});

describe('places', () => {
  test('entries are called by their names where those are their own', () => {
    const definition = onFargate({
      environment: [
        { name: 'A', value: 1 },
        { name: 'A', value: 2 },
        { name: 'B', value: true },
      ],
    });
    expect(definitionViolations(definition).map(({ path, words }) => [path, words])).toEqual([
      ['containerDefinitions[web].environment[0].value', 'NUMBER_VALUE cannot be converted to String'],
      ['containerDefinitions[web].environment[1].value', 'NUMBER_VALUE cannot be converted to String'],
      ['containerDefinitions[web].environment[B].value', 'TRUE_VALUE cannot be converted to String'],
      ['containerDefinitions[web].environment', 'Environment variable A is given twice.'],
    ]);
  });

  test('whatever a definition is, the rules end without an error', () => {
    for (const odd of [
      {},
      { containerDefinitions: 'web' },
      { containerDefinitions: [null, 3, 'web', []] },
      { containerDefinitions: [{ name: 7, portMappings: { containerPort: 80 } }], volumes: 'data' },
      { family: ['web'], cpu: {}, tags: [[]] },
    ]) {
      expect(definitionViolations(odd).length).toBeGreaterThan(0);
    }
  });
});
