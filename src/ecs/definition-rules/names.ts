/** Names, counts, tags: the rules of what a definition and its containers are called. */
import { isArray, objectsIn, textIn } from '../../runtime/json.ts';
import type { JsonObject } from '../../model/index.ts';
import {
  and,
  api,
  containersOf,
  guide,
  labelOf,
  observed,
  onEc2,
  onFargate,
  placed,
  repeated,
  type Found,
  type Rule,
} from './rule.ts';

const NAME = /^[A-Za-z0-9_-]{1,255}$/;
const NAME_IN_WORDS = 'write up to 255 letters, digits, hyphens and underscores';

/** Without a digest up to 255 characters; the only digest is sha256 (API reference, ContainerDefinition `image`). */
const IMAGE = /^[A-Za-z0-9_:./#-]{1,255}(?:@sha256:[A-Fa-f0-9]{64})?$/;

const MOST_CONTAINERS = 10;
const MOST_TAGS = 50;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** ECS takes 64 KiB (ECS Developer Guide, service quotas). */
export const MOST_BYTES = 65_536;

const IAM = /^arn:[a-z-]+:iam::\d{12}:role\/[!-~]{1,510}$/;
const ROLE_NAME = /^[\w+=,.@/-]{1,512}$/;

export const NAME_RULES: readonly Rule<JsonObject>[] = [
  {
    name: 'family',
    words: 'Family should not be null or empty.',
    source: api('RegisterTaskDefinition'),
    accepted: onEc2({}),
    refused: onEc2({}, { family: '' }),
    find: (definition) =>
      isBlank(definition['family']) ? [{ path: 'family', instead: `name it: ${NAME_IN_WORDS}` }] : [],
  },
  {
    name: 'letters of the family',
    words: 'Family contains invalid characters.',
    source: api('RegisterTaskDefinition'),
    accepted: onEc2({}, { family: 'Web_api-2' }),
    refused: onEc2({}, { family: 'web api' }),
    find: (definition) => wrongName(definition, 'family', 'family'),
  },
  {
    name: 'containers',
    words: 'Container list cannot be empty.',
    source: 'https://github.com/fog/fog-aws/blob/master/lib/fog/aws/requests/ecs/register_task_definition.rb',
    accepted: onEc2({}),
    refused: { family: 'web', containerDefinitions: [] },
    find: (definition) =>
      containersOf(definition).length === 0
        ? [{ path: 'containerDefinitions', instead: 'list at least one container' }]
        : [],
  },
  {
    name: 'number of containers',
    words: 'Too many containers.',
    source: guide('service-quotas'),
    accepted: onEc2({}),
    refused: {
      family: 'web',
      containerDefinitions: Array.from({ length: 11 }, (_, at) => ({
        name: `c${at}`,
        image: 'nginx:1',
        memory: 16,
      })),
    },
    find: (definition) =>
      containersOf(definition).length > MOST_CONTAINERS
        ? [
            {
              path: 'containerDefinitions',
              instead: `list at most ${MOST_CONTAINERS} containers`,
            },
          ]
        : [],
  },
  {
    name: 'container name',
    words: 'Container.name should not be null or empty.',
    source: api('ContainerDefinition'),
    accepted: onEc2({}),
    refused: onEc2({ name: '' }),
    find: (definition) =>
      containersOf(definition).flatMap(({ path, container }) =>
        isBlank(container['name']) ? [{ path: `${path}.name`, instead: `name it: ${NAME_IN_WORDS}` }] : [],
      ),
  },
  {
    name: 'letters of a container name',
    words: 'Container.name contains invalid characters.',
    source: 'https://github.com/ansible/ansible/issues/22860',
    accepted: onEc2({ name: 'web_1' }),
    refused: onEc2({ name: 'web app' }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) =>
        wrongName(container, 'name', `${path}.name`, name),
      ),
  },
  {
    name: 'container names',
    words: 'Container names must be unique within a task definition. Duplicate: {name}.',
    source: observed('pf-ecs-duplicate-container-names'),
    accepted: and(onEc2({}), {}),
    refused: and(onEc2({}), { name: 'web' }),
    find: (definition) =>
      repeated(containersOf(definition).map(({ name }) => name))
        .filter((name) => name !== '')
        .map((name) => ({
          path: 'containerDefinitions',
          container: name,
          values: { name },
          instead: `give each container a name of its own; ${name} is there twice`,
        })),
  },
  {
    name: 'container image',
    words: 'Container.image should not be null or empty.',
    source: api('ContainerDefinition'),
    accepted: onEc2({}),
    refused: onEc2({ image: '' }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) =>
        isBlank(container['image'])
          ? [{ path: `${path}.image`, container: name, instead: `give ${name} an image` }]
          : [],
      ),
  },
  {
    name: 'letters of an image',
    words: 'Container.image contains invalid characters.',
    source: api('ContainerDefinition'),
    accepted: onEc2({ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web:v1.2_3' }),
    refused: onEc2({ image: '$IMAGE_NAME' }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const image = textIn(container, 'image') ?? '';
        if (image === '' || IMAGE.test(image)) return [];
        return [
          {
            path: `${path}.image`,
            container: name,
            instead: 'write registry/name:tag or registry/name@sha256:digest, without spaces, $ or braces',
          },
        ];
      }),
  },
  {
    name: 'an essential container',
    words: "Task definition doesn't have any essential container.",
    source: observed('pf-ecs-essential-container'),
    accepted: and(onEc2({}), { essential: false }),
    refused: onEc2({ essential: false }),
    find: (definition: JsonObject): Found[] => {
      const containers = containersOf(definition);
      const none =
        containers.length > 0 && containers.every(({ container }) => container['essential'] === false);
      return none
        ? [{ path: 'containerDefinitions', instead: 'leave essential out of the container that matters' }]
        : [];
    },
  },
  {
    name: 'secret names',
    words: 'Duplicate secret names found: {names}. Each secret name must be unique.',
    source: 'https://github.com/CircleCI-Public/aws-ecs-orb/issues/210',
    accepted: onFargate({ secrets: [{ name: 'KEY', valueFrom: '/app/key' }] }),
    refused: onFargate({
      secrets: [
        { name: 'KEY', valueFrom: '/app/key' },
        { name: 'KEY', valueFrom: '/app/other' },
      ],
    }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const twice = repeated(namesIn(container, 'secrets'));
        return twice.length === 0
          ? []
          : [
              {
                path: `${path}.secrets`,
                container: name,
                values: { names: twice.join(', ') },
                instead: `keep one entry of ${twice.join(', ')}`,
              },
            ];
      }),
  },
  {
    name: 'names in environment and secrets',
    words:
      "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '{name}'.",
    source: 'https://github.com/dagster-io/dagster/issues/11622',
    accepted: onFargate({
      environment: [{ name: 'PORT', value: '80' }],
      secrets: [{ name: 'KEY', valueFrom: '/app/key' }],
    }),
    refused: onFargate({
      environment: [{ name: 'KEY', value: 'x' }],
      secrets: [{ name: 'KEY', valueFrom: '/app/key' }],
    }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) => {
        const secrets = new Set(namesIn(container, 'secrets'));
        const both = [...new Set(namesIn(container, 'environment').filter((each) => secrets.has(each)))];
        return both.map((each) => ({
          path: `${path}.environment[${each}]`,
          container: name,
          values: { name: each },
          instead: `leave ${each} out of environment or out of secrets; it is in both`,
        }));
      }),
  },
  {
    name: 'names in environment',
    words: 'Environment variable {name} is given twice.',
    source: undefined,
    accepted: onEc2({ environment: [{ name: 'A', value: '1' }] }),
    refused: onEc2({
      environment: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    }),
    find: (definition) =>
      containersOf(definition).flatMap(({ name, path, container }) =>
        repeated(namesIn(container, 'environment')).map((each) => ({
          path: `${path}.environment`,
          container: name,
          values: { name: each },
          instead: `keep one entry of ${each}; which of the two counts is not documented`,
        })),
      ),
  },
  {
    name: 'task role',
    words: 'Role is not valid',
    source: api('RegisterTaskDefinition'),
    accepted: onEc2({}, { taskRoleArn: 'arn:aws:iam::123456789012:role/team/app' }),
    refused: onEc2({}, { taskRoleArn: 'arn:aws:iam::123456789012:user/app' }),
    find: (definition) => wrongRole(definition, 'taskRoleArn'),
  },
  {
    name: 'execution role',
    words: 'Role is not valid',
    source: api('RegisterTaskDefinition'),
    accepted: onFargate({}),
    refused: onFargate({}, { executionRoleArn: '' }),
    find: (definition) => wrongRole(definition, 'executionRoleArn'),
  },
  {
    name: 'no empty list of tags',
    words: 'Tags can not be empty.',
    source:
      'https://github.com/hashicorp/terraform-provider-aws/blob/v2.0.0/aws/resource_aws_ecs_task_definition.go',
    accepted: onEc2({}, { tags: [{ key: 'team', value: 'web' }] }),
    refused: onEc2({}, { tags: [] }),
    find: ({ tags }) =>
      isArray(tags) && tags.length === 0 ? [{ path: 'tags', instead: 'leave tags out' }] : [],
  },
  {
    name: 'tags',
    code: 'InvalidParameterException',
    words: 'The tag {key} is not valid: {why}.',
    source: api('Tag'),
    accepted: onEc2({}, { tags: [{ key: 'team', value: '' }, { key: 'cost-center' }] }),
    refused: onEc2({}, { tags: [{ key: 'aws:team', value: 'web' }] }),
    find: wrongTags,
  },
  {
    name: 'size of the definition',
    words: "Actual length: '{bytes}'. Max allowed length is '65536' bytes.",
    source: guide('service-quotas'),
    accepted: onEc2({}),
    refused: onEc2({ environment: [{ name: 'LARGE', value: 'x'.repeat(MOST_BYTES) }] }),
    find: (definition: JsonObject): Found[] => {
      const bytes = Buffer.byteLength(JSON.stringify(definition));
      return bytes <= MOST_BYTES
        ? []
        : [
            {
              path: 'containerDefinitions',
              values: { bytes },
              instead: 'move environment variables to an environment file or to parameters',
            },
          ];
    },
  },
];

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function wrongName(object: JsonObject, field: string, path: string, container?: string): Found[] {
  const name = textIn(object, field) ?? '';
  return name === '' || NAME.test(name) ? [] : [{ path, container, instead: NAME_IN_WORDS }];
}

/** The names of the entries of a list, without those that have none. */
function namesIn(container: JsonObject, field: string): string[] {
  return objectsIn(container, field).flatMap((entry) => textIn(entry, 'name') ?? []);
}

function wrongRole(definition: JsonObject, field: string): Found[] {
  const role = textIn(definition, field);
  if (role === undefined || IAM.test(role) || (!role.startsWith('arn:') && ROLE_NAME.test(role))) return [];
  return [{ path: field, instead: 'write arn:aws:iam::<account>:role/<name>, or leave it out' }];
}

function wrongTags(definition: JsonObject): Found[] {
  const tags = placed(definition, 'tags');
  const keys = tags.map(({ entry }) => textIn(entry, 'key') ?? '');
  const all = isArray(definition['tags']) ? definition['tags'] : [];
  const problems = tags.flatMap(({ entry }, at) => {
    const key = keys[at] ?? '';
    const why =
      wrongTag(key, textIn(entry, 'value') ?? '') ??
      (keys.indexOf(key) < at ? 'it is there twice' : undefined);
    if (why === undefined) return [];
    const path = `tags[${labelOf(all, entry, at)}]`;
    return [
      { path, values: { key: key === '' ? 'without a key' : key, why }, instead: `correct the tag: ${why}` },
    ];
  });
  if (tags.length <= MOST_TAGS) return problems;
  const why = `there are ${tags.length} tags`;
  return [
    ...problems,
    { path: 'tags', values: { key: 'list', why }, instead: `give at most ${MOST_TAGS} tags` },
  ];
}

function wrongTag(key: string, value: string): string | undefined {
  if (key === '') return 'it has no key';
  if (key.length > LONGEST_KEY) return `its key is longer than ${LONGEST_KEY} characters`;
  if (value.length > LONGEST_VALUE) return `its value is longer than ${LONGEST_VALUE} characters`;
  if (/^aws:/i.test(key)) return 'keys that begin with aws: belong to AWS';
  if (!TAG_TEXT.test(key) || !TAG_TEXT.test(value)) return 'it holds a character that no tag may hold';
  return undefined;
}
