import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definitionViolations } from '../../src/ecs/definition-rules/index.ts';
import { readTaskDefinitionFile } from '../../src/task-definition/read-file.ts';
import { parseTaskDefinition } from '../../src/task-definition/yaml-file.ts';
import { definitionOf } from '../fakes/literals.ts';

const WEB = { family: 'web', containerDefinitions: [{ name: 'web', image: 'i' }] };

function parse(text: string): unknown {
  return parseTaskDefinition('td', text).definition;
}

/** A definition with one container, as JSON. */
function withContainer(container: object, task: object = {}): string {
  return JSON.stringify({
    family: 'web',
    ...task,
    containerDefinitions: [{ name: 'web', image: 'i', ...container }],
  });
}

describe('a task definition in a file', () => {
  it.each([
    ['JSON', JSON.stringify(WEB)],
    ['JSON with tabs and CRLF', JSON.stringify(WEB, null, '\t').replaceAll('\n', '\r\n')],
    ['JSON with a byte-order mark', `\ufeff${JSON.stringify(WEB)}`],
    ['YAML', 'family: web\ncontainerDefinitions:\n  - name: web\n    image: i\n'],
    [
      'YAML with an anchor',
      'family: &name web\ncontainerDefinitions:\n  - name: *name\n    image: i # the image\n',
    ],
    [
      'YAML with merged fields',
      'family: web\ncontainerDefinitions:\n  - <<: {name: web, image: old}\n    image: i\n',
    ],
    [
      'an answer of DescribeTaskDefinition',
      JSON.stringify({ taskDefinition: { ...WEB, revision: 3, status: 'ACTIVE', compatibilities: [] } }),
    ],
  ])('may be %s', (_form, text) => {
    expect(parse(text)).toEqual(WEB);
  });

  it('loses the nine fields that only AWS may write', () => {
    const described = {
      ...WEB,
      taskDefinitionArn: 'a',
      revision: 1,
      status: 'ACTIVE',
      requiresAttributes: [],
      compatibilities: [],
      registeredAt: 1,
      registeredBy: 'x',
      deregisteredAt: 2,
      deleteRequestedAt: 3,
    };
    expect(parse(JSON.stringify(described))).toEqual(WEB);
  });

  it('keeps unknown fields, and the tags that Describe puts beside it', () => {
    const rich = { ...WEB, fieldOfTomorrow: { list: [], zero: 0, no: false, empty: '' } };
    const text = JSON.stringify({ taskDefinition: rich, tags: [{ key: 'a', value: 'b' }] });
    const { definition, unknown } = parseTaskDefinition('td', text);
    expect(definition).toEqual({ ...rich, tags: [{ key: 'a', value: 'b' }] });
    expect(unknown).toEqual(['fieldOfTomorrow']);
  });

  it('executes nothing', () => {
    expect(() => parse('!!js/function "function () { throw 1 }"')).toThrow('a tag that only CloudFormation');
  });
});

describe('what counts as absent', () => {
  it.each([
    ['a null', { healthCheck: null, command: null }],
    ['an empty list', { command: [], portMappings: [], secrets: [], links: [] }],
    ['an empty text', { user: '', workingDirectory: '', hostname: '' }],
    ['a structure that says nothing', { healthCheck: {}, logConfiguration: { logDriver: null } }],
    ['a null in a list', { dependsOn: [null], environment: [null] }],
  ])('%s in a container', (_what, container) => {
    expect(parse(withContainer(container))).toEqual(WEB);
  });

  it('is what the console downloads', () => {
    const console = {
      tags: [],
      volumes: [],
      placementConstraints: [],
      pidMode: '',
      ipcMode: null,
      taskRoleArn: '',
    };
    const definition = parse(withContainer({}, { memory: '512', ...console }));
    expect(definition).toEqual({ ...WEB, memory: '512' });
    expect(definitionViolations(definition as never)).toEqual([]);
  });

  it('is no empty value of a variable, no empty label and no empty word', () => {
    const container = {
      environment: [{ name: 'EMPTY', value: '' }],
      dockerLabels: { 'com.example': '' },
      command: ['sh', '-c', ''],
    };
    expect(parse(withContainer(container))).toEqual({
      ...WEB,
      containerDefinitions: [{ name: 'web', image: 'i', ...container }],
    });
  });

  it('is no structure that is legal as it is', () => {
    const container = { linuxParameters: {} };
    const task = { volumes: [{ name: 'data', host: {} }] };
    expect(parse(withContainer(container, task))).toEqual({
      ...WEB,
      ...task,
      containerDefinitions: [{ name: 'web', image: 'i', ...container }],
    });
  });
});

describe('an image', () => {
  it.each([' nginx:1', 'nginx:1\n', '\tnginx:1 \r\n'])('%j has no space around it', (image) => {
    expect(parse(withContainer({ image }))).toMatchObject({ containerDefinitions: [{ image: 'nginx:1' }] });
  });
});

describe('types', () => {
  it('makes scalars what their field is, without losing a digit', () => {
    const text = [
      'family: 7',
      'cpu: 256',
      'memory: 0512',
      'containerDefinitions:',
      '  - name: web',
      '    image: i',
      '    essential: "true"',
      '    portMappings: [{containerPort: "8080"}]',
      '    environment:',
      '      - {name: PORT, value: 8080}',
      '      - {name: VERSION, value: 1.10}',
      '      - {name: ACCOUNT, value: 012345678901}',
      '      - {name: DEBUG, value: True}',
      '      - {name: HUGE, value: 123456789012345678901234567890}',
      '      - {name: NO, value: no}',
      '    dockerLabels: {build: 42}',
    ].join('\n');
    expect(parse(text)).toEqual({
      family: '7',
      cpu: '256',
      memory: '0512',
      containerDefinitions: [
        {
          name: 'web',
          image: 'i',
          essential: true,
          portMappings: [{ containerPort: 8080 }],
          environment: [
            { name: 'PORT', value: '8080' },
            { name: 'VERSION', value: '1.10' },
            { name: 'ACCOUNT', value: '012345678901' },
            { name: 'DEBUG', value: 'True' },
            { name: 'HUGE', value: '123456789012345678901234567890' },
            { name: 'NO', value: 'no' },
          ],
          dockerLabels: { build: '42' },
        },
      ],
    });
  });

  it.each([
    [
      { command: 'npm start' },
      'containerDefinitions[web].command is text: write a list of texts, such as ["one", "two"]',
    ],
    [
      { environment: { PORT: '1' } },
      'containerDefinitions[web].environment is an object: write a list of objects with name, value',
    ],
    [
      { portMappings: [8080] },
      'containerDefinitions[web].portMappings[0] is the number 8080: write an object with containerPort, hostPort, protocol, name and more',
    ],
    [
      { portMappings: [{ containerPort: '80/tcp' }] },
      'containerDefinitions[web].portMappings[0].containerPort is text: write a number, without quotes',
    ],
    [{ memory: 0.5 }, 'containerDefinitions[web].memory is the number 0.5: write a number, without quotes'],
    [{ essential: 'yes' }, 'containerDefinitions[web].essential is text: write true or false'],
    [{ dockerLabels: ['a=b'] }, 'containerDefinitions[web].dockerLabels is a list: write name: value pairs'],
    [{ image: ['i'] }, 'containerDefinitions[web].image is a list: write text, in quotes'],
    [
      { healthCheck: 'curl' },
      'containerDefinitions[web].healthCheck is text: write an object with command and more',
    ],
  ])('%j is refused with its place', (container, why) => {
    expect(() => parse(withContainer(container))).toThrow(
      `task-definition: the file td is not a task definition: ${why}.`,
    );
  });

  it('tells all of them at once, and no value', () => {
    const container = { command: 'top-secret', entryPoint: 'top-secret', essential: 'top-secret' };
    expect(() => parse(withContainer(container, { requiresCompatibilities: 'FARGATE' }))).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /requiresCompatibilities is text.*command is text.*entryPoint is text.*essential is text/,
        ) as unknown as string,
      }),
    );
    expect(() => parse(withContainer(container))).not.toThrow('top-secret');
  });
});

describe('slips', () => {
  it.each([
    [{ enviroment: [{}] }, 'containerDefinitions[web].enviroment is not a field: did you mean environment?'],
    [
      { port_mappings: [1] },
      'containerDefinitions[web].port_mappings is not a field: did you mean portMappings?',
    ],
    [{ Image: 'i' }, 'containerDefinitions[web].Image is not a field: did you mean image?'],
    [
      { healthCheck: { comand: ['CMD', 'true'] } },
      'containerDefinitions[web].healthCheck.comand is not a field: did you mean command?',
    ],
    [
      { environment: [{ name: 'KEY', valueFrom: 'arn' }] },
      'containerDefinitions[web].environment[KEY].valueFrom is not a field here: it belongs into an entry of secrets',
    ],
    [
      { networkMode: 'awsvpc' },
      'containerDefinitions[web].networkMode is not a field here: it belongs into the top of the definition',
    ],
    [
      { containerPort: 80 },
      'containerDefinitions[web].containerPort is not a field here: it belongs into an entry of portMappings',
    ],
    [
      { logConfiguration: { logDriver: 'awslogs', secrets: [1] } },
      'containerDefinitions[web].logConfiguration.secrets is not a field here: it belongs into the container',
    ],
    [
      { firelens: { type: 'fluentbit' } },
      'containerDefinitions[web].firelens is not a field: did you mean firelensConfiguration?',
    ],
  ])('%j', (container, why) => {
    expect(() => parse(withContainer(container))).toThrow(`is not a task definition: ${why}`);
  });

  it.each([
    ['architecture', 'cpuArchitecture'],
    ['operatingSystem', 'operatingSystemFamily'],
  ])('a part of a name stands for the whole: %s', (field, meant) => {
    expect(() => parse(withContainer({}, { runtimePlatform: { [field]: 'X' } }))).toThrow(
      `runtimePlatform.${field} is not a field: did you mean ${meant}?`,
    );
  });

  it('a part of two names, or of a word, stands for neither', () => {
    const { unknown } = parseTaskDefinition(
      'td',
      withContainer({ configuration: {}, ironment: 1, pulled: 1 }),
    );
    expect(unknown).toEqual(
      ['configuration', 'ironment', 'pulled'].map((field) => `containerDefinitions[web].${field}`),
    );
  });

  it('at the top of the definition', () => {
    expect(() => parse(withContainer({}, { environment: [{ name: 'A', value: 'b' }] }))).toThrow(
      'environment is not a field here: it belongs into an entry of containerDefinitions.',
    );
    expect(() => parse(withContainer({}, { requiresCompatibilites: ['FARGATE'] }))).toThrow(
      'requiresCompatibilites is not a field: did you mean requiresCompatibilities?',
    );
  });

  it('comments and schemas are left out', () => {
    const text = withContainer(
      { _comment: 'x', healthCheck: { command: ['CMD', 'true'], 'x-why': 1 } },
      { $schema: 'https://…', 'x-env': { a: 1 }, '//': 'note' },
    );
    const { definition, comments, unknown } = parseTaskDefinition('td', text);
    expect(definition).toEqual({
      ...WEB,
      containerDefinitions: [{ name: 'web', image: 'i', healthCheck: { command: ['CMD', 'true'] } }],
    });
    expect(comments).toEqual([
      '$schema',
      'x-env',
      '//',
      'containerDefinitions[web]._comment',
      'containerDefinitions[web].healthCheck.x-why',
    ]);
    expect(unknown).toEqual([]);
  });

  it.each([
    [{ secrets: [{ name: 'KEY' }] }, 'containerDefinitions[web].secrets[KEY].valueFrom is missing'],
    [{ environment: [{ value: 'x' }] }, 'containerDefinitions[web].environment[0].name is missing'],
    [
      { logConfiguration: { options: { a: 'b' } } },
      'containerDefinitions[web].logConfiguration.logDriver is missing',
    ],
    [
      { healthCheck: { interval: 5, command: [] } },
      'containerDefinitions[web].healthCheck.command is missing',
    ],
    [
      { mountPoints: [{ containerPath: '/a' }] },
      'containerDefinitions[web].mountPoints[0].sourceVolume is missing',
    ],
  ])('what %j lacks is named', (container, why) => {
    expect(() => parse(withContainer(container))).toThrow(why);
  });

  it('keys of prototypes are keys', () => {
    const text =
      '{"family": "web", "__proto__": {"polluted": 1}, "constructor": {"prototype": 1}, "containerDefinitions": [{"name": "web", "image": "i", "dockerLabels": {"__proto__": "x"}}]}';
    const { definition, comments, unknown } = parseTaskDefinition('td', text);
    expect(comments).toEqual(['__proto__']);
    expect(unknown).toEqual(['constructor']);
    expect(Object.getPrototypeOf(definition)).toBe(Object.prototype);
    expect(JSON.stringify(definition.containerDefinitions[0]?.['dockerLabels'])).toBe('{"__proto__":"x"}');
  });
});

describe('names of other tools', () => {
  it.each([
    [{ environment: [{ key: 'A', value: '1' }] }, 'environment[0].key is not a field: did you mean name?'],
    [{ secrets: [{ key: 'A', arn: 'arn:x' }] }, 'secrets[0].arn is not a field: did you mean valueFrom?'],
    [{ ports: [80] }, 'ports is not a field: did you mean portMappings?'],
    [{ env: { A: '1' } }, 'env is not a field: did you mean environment?'],
    [{ args: ['x'] }, 'args is not a field: did you mean command?'],
    [{ healthCheck: { test: ['CMD', 'x'] } }, 'healthCheck.test is not a field: did you mean command?'],
    [{ portMappings: [{ port: 80 }] }, 'portMappings[0].port is not a field: did you mean containerPort?'],
    [
      { logConfiguration: { driver: 'awslogs' } },
      'logConfiguration.driver is not a field: did you mean logDriver?',
    ],
  ])('%j', (container, message) => {
    expect(() => parse(withContainer(container))).toThrow(message);
  });

  it.each([
    [{ containers: [{ name: 'a' }] }, 'containers is not a field: did you mean containerDefinitions?'],
    [
      { desiredCount: 2 },
      'desiredCount is not a field here: it belongs to the service (input desired-count)',
    ],
    [
      { networkConfiguration: { awsvpcConfiguration: {} } },
      'networkConfiguration is not a field here: it belongs to the service',
    ],
    [{ loadBalancers: [{}] }, 'loadBalancers is not a field here: it belongs to the service'],
  ])('%j', (task, message) => {
    expect(() => parse(withContainer({}, task))).toThrow(message);
  });

  it('are no fields of tomorrow', () => {
    expect(parseTaskDefinition('td', withContainer({ quantumCores: 4 })).unknown).toEqual([
      'containerDefinitions[web].quantumCores',
    ]);
  });
});

describe('what nobody can mean', () => {
  it('is two containers of one name', () => {
    const text = JSON.stringify({
      ...WEB,
      containerDefinitions: [...WEB.containerDefinitions, ...WEB.containerDefinitions],
    });
    expect(() => parse(text)).toThrow('containerDefinitions has more than one container "web"');
  });

  it('is an expression of GitHub in a value, but in an image it may be a placeholder', () => {
    const text = withContainer({
      image: '${{ inputs.image }}',
      environment: [{ name: 'A', value: 'x-${{ secrets.A }}' }],
      command: ['${HOME}', '${{ github.sha }}'],
    });
    expect(parseTaskDefinition('td', text).unrendered).toEqual([
      'containerDefinitions[web].environment[A].value',
      'containerDefinitions[web].command[1]',
    ]);
  });
});

describe('another file', () => {
  it.each([
    ['{"family": "a", "family": "b"}', 'it gives a key of an object twice (line 1, column 17)'],
    [
      '<<<<<<< HEAD\nfamily: a\n=======\nfamily: b\n>>>>>>> b\n',
      'it has the marks of a merge conflict (line 1)',
    ],
    ['family: a\ncpu: 256\n<<<<<<< HEAD\n', 'it has the marks of a merge conflict (line 3)'],
    ['\nAn error occurred (AccessDeniedException) when calling it: x', 'it is the error of a call of AWS'],
    ['TASKDEFINITION\t256\tarn:aws', "it is the text form of the AWS CLI's output"],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n', 'it is a pointer of Git LFS'],
    ["local x = import 'a';\n{ family: 'a' }", 'it is Jsonnet that nobody rendered'],
    [JSON.stringify(JSON.stringify(WEB)), 'it is JSON within a text: it was encoded twice'],
    [JSON.stringify({ ...WEB, sops: { version: '3' } }), 'it is encrypted by SOPS'],
    [
      'family: a\ncontainerDefinitions:\n  - name: a\n    image: !!binary aGk=\n',
      'containerDefinitions[a].image is of a type that JSON does not have',
    ],
    ['name: api\ntype: Backend Service\nimage: {build: .}\n', 'it is a manifest of AWS Copilot'],
    ['[{"name": "web", "imageUri": "r/web:1"}]', 'it is the list of images that CodePipeline takes'],
    ['on: push\njobs: {}\n', 'it is a workflow of GitHub Actions'],
    ['version: 1\ntask_definition: {}\n', 'it is a file of parameters of the ECS CLI'],
    ['{"serviceName": "web", "desiredCount": 2}', 'it describes a service, not the task definition'],
    ['{"family": ', 'it is neither JSON nor YAML: '],
    ['a: 1\n---\nb: 2', 'it holds several YAML documents (a second begins at line 2, column 1): give each'],
    ['{"family": "a"}\n{"family": "b"}', 'it is neither JSON nor YAML: '],
    [
      '[{"family": "a", "containerDefinitions": []}]',
      'it is a list that holds a definition: leave out the brackets',
    ],
    [
      '- taskDefinition: {}\n- taskDefinition: {}\n',
      'it is a list of 2 definitions: give each a file of its own',
    ],
    ['{\n  local tag = "v1",\n  family: "web",\n}', 'it is Jsonnet that nobody rendered'],
    ['['.repeat(20_000), 'it is nested too deeply'],
    ['', 'it is empty'],
    [' \n\n', 'it is empty'],
    ['# a comment\n', 'it is empty'],
    ['null', 'it is empty'],
    ['[]', 'it is a list'],
    ['[{"name": "web", "image": "i"}]', 'it is a list of containers: put it below containerDefinitions'],
    ['{"name": "web", "image": "i"}', 'it is a container: put it below containerDefinitions'],
    ['just text', 'it is not an object'],
    ['{"family": ""}', 'it has no family'],
    ['{"containerDefinitions": [{"name": "x"}]}', 'it has no family'],
    ['{"family": "a"}', 'it has no containerDefinitions'],
    ['{"family": "a", "containerDefinitions": {}}', 'containerDefinitions is an object: write a list'],
    ['{"family": "a", "containerDefinitions": "[]"}', 'containerDefinitions is text: write a list'],
    ['{"family": "a", "containerDefinitions": []}', 'it has no containerDefinitions'],
    [
      '{"family": "a", "containerDefinitions": [{"name": "x"}, {"image": "i"}]}',
      'containerDefinitions[1].name is missing',
    ],
    ['{"taskDefinition": {"family": "a"}}', 'it has no containerDefinitions'],
    ['{"taskDefinition": "web:3"}', 'it only names a task definition'],
    ['{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}', 'it is a template of CloudFormation'],
    ['Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n', 'it is a template of CloudFormation'],
    ['Type: AWS::ECS::TaskDefinition\nProperties: {}\n', 'it is a resource of CloudFormation'],
    ['Family: web\nContainerDefinitions: []\n', "it is in CloudFormation's spelling"],
    ['family: web\ncontainerDefinitions: !Ref Containers\n', 'it has a tag that only CloudFormation'],
    ['version: 0.0\nResources:\n  - TargetService: {}\n', "it is CodeDeploy's appspec"],
    ['resource "aws_ecs_task_definition" "web" {\n  family = "web"\n}\n', "it is Terraform's language"],
    ['{"resource": {"aws_ecs_task_definition": {}}}', "it is Terraform's JSON"],
    ['container_definitions: []\n', "it is in Terraform's spelling"],
    ['services:\n  web:\n    image: i\n', 'it is a file of Docker Compose'],
    ['apiVersion: apps/v1\nkind: Deployment\n', 'it is a manifest of Kubernetes'],
    ['<!DOCTYPE html>\n<html></html>', 'it is HTML or XML'],
    ['<html><body>404</body></html>', 'it is HTML or XML'],
    ['family: web\ncpu: {{ cpu }}\n', 'it is a template that nobody rendered (line 2)'],
    [
      'family: web\n{% if prod %}\ncpu: 1024\n{% endif %}\n',
      'it is a template that nobody rendered (line 2)',
    ],
    ['{"family": "<%= family %>"}', 'it is a template that nobody rendered (family is <%= family %>)'],
    [
      '{"family": "${FAMILY}", "containerDefinitions": []}',
      'it is a template that nobody rendered (family is ${FAMILY})',
    ],
    ['{\n  // the name\n  "family": "web"\n}', 'it is JSON with comments (line 2): JSON has none'],
    [
      '// the task\n{"family": "web", /* one */ "containerDefinitions": [],}',
      'it is JSON with comments (line 1)',
    ],
  ])('%j is called by what it is', (text, why) => {
    const parsing = (): unknown => parseTaskDefinition('infra/td.json', text);
    expect(parsing).toThrow(`task-definition: the file infra/td.json is not a task definition: ${why}`);
    expect(parsing).toThrow(
      expect.objectContaining({ conclusion: expect.objectContaining({ cause: 'invalid-input' }) }),
    );
  });

  it('a definition may speak of URLs, braces and variables', () => {
    const container = {
      command: ['sh', '-c', 'echo ${HOME} - {{x}}, {{y}}: {{z}}', "<% 'a' %> {% b %}"],
      logConfiguration: { logDriver: 'fluentd', options: { tag: '{{.Name}}/{{.ID}}' } },
      environment: [
        { name: 'URL', value: 'https://example.com//a/*b*/' },
        { name: 'TEMPLATE', value: '${NAME} <%= x' },
      ],
    };
    expect(parse(withContainer(container))).toEqual({
      ...WEB,
      containerDefinitions: [{ name: 'web', image: 'i', ...container }],
    });
  });

  it('cannot blow up by aliases of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, at) =>
      at === 0
        ? 'a0: &a0 [x, x]'
        : `a${at}: &a${at} [${Array(9)
            .fill(`*a${at - 1}`)
            .join(', ')}]`,
    );
    expect(() => parse(levels.join('\n'))).toThrow(/is not a task definition: .*alias/i);
  });

  it.each([
    [
      'a list that holds itself',
      'family: web\ncontainerDefinitions: &c [{name: web, image: i, command: *c}]',
    ],
    ['an object that holds itself', 'family: web\nnew: &n {inner: *n}\ncontainerDefinitions: [{name: web}]'],
    ['brackets without end', `{"family": ${'['.repeat(20_000)}`],
  ])('%s comes to an end', (_what, text) => {
    try {
      parse(text);
    } catch (error) {
      expect(error).toMatchObject({ conclusion: { cause: 'invalid-input' } });
    }
  });
});

describe('the path of the file', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'td-'));
  const told: string[] = [];
  const log = {
    line: (text: string) => told.push(text),
    warn: (text: string) => told.push(`warning: ${text}`),
    point: (): void => undefined,
  };
  writeFileSync(join(workspace, 'td.json'), JSON.stringify(definitionOf()));
  writeFileSync(join(workspace, 'utf16.json'), Buffer.from(`\ufeff${JSON.stringify(WEB)}`, 'utf16le'));
  writeFileSync(join(workspace, 'image.json'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0]));
  writeFileSync(join(workspace, 'huge.json'), ' '.repeat(1024 * 1024 + 1));
  writeFileSync(join(workspace, 'notes.json'), JSON.stringify({ ...WEB, _note: 1, quantumCores: 4 }));

  it('is in the workspace, or absolute', async () => {
    await expect(readTaskDefinitionFile(workspace, 'td.json', log)).resolves.toEqual(definitionOf());
    await expect(readTaskDefinitionFile('/elsewhere', join(workspace, 'td.json'), log)).resolves.toEqual(
      definitionOf(),
    );
    expect(told).toEqual([]);
  });

  it.each([
    ['missing.json', 'task-definition: there is no file missing.json in the workspace.'],
    ['.', 'task-definition: . is a folder, not a file.'],
    ['', 'task-definition: . is a folder, not a file.'],
    ['td.json/x', 'task-definition: there is no file td.json/x in the workspace.'],
    ['none/td.json', 'task-definition: there is no file none/td.json in the workspace.'],
    ['TD.JSON', 'task-definition: there is no file TD.JSON in the workspace. Did you mean td.json?'],
    ['./td.yml', 'task-definition: there is no file ./td.yml in the workspace. Did you mean ./td.json?'],
    ['note.json', 'task-definition: there is no file note.json in the workspace. Did you mean notes.json?'],
    [
      '/dev/null',
      'task-definition: the file /dev/null is not a task definition: it is a pipe or a device, not a file.',
    ],
    [
      '/dev/zero',
      'task-definition: the file /dev/zero is not a task definition: it is a pipe or a device, not a file.',
    ],
  ])('%s is refused', async (path, message) => {
    await expect(readTaskDefinitionFile(workspace, path, log)).rejects.toMatchObject({
      conclusion: { cause: 'invalid-input' },
      message,
    });
  });

  it.each([
    ['utf16.json', 'it is UTF-16, as Windows PowerShell writes it: save it as UTF-8.'],
    ['image.json', 'it is no text.'],
    ['huge.json', 'it has 1025 KiB, and a task definition has at most 64.'],
  ])('%s is called by what it is', async (path, why) => {
    await expect(readTaskDefinitionFile(workspace, path, log)).rejects.toMatchObject({
      conclusion: { cause: 'invalid-input' },
      message: `task-definition: the file ${path} is not a task definition: ${why}`,
    });
  });

  it('what is left out is one line, and what is not known a warning', async () => {
    told.length = 0;
    await readTaskDefinitionFile(workspace, 'notes.json', log);
    expect(told).toEqual([
      'task-definition: notes.json: left out, as comments: _note.',
      'warning: task-definition: notes.json has the field quantumCores, which this version does not know; AWS gets it as it is.',
    ]);
  });
});
