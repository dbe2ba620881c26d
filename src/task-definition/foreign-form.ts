/** Files that people take for a task definition, each called by what it is. Pure. */
import { isList, isMap, type Raw } from './file-shape.ts';

/** What a text is that is no task definition in JSON or YAML; a clause, undefined where it may be one. */
export function formOfText(text: string): string | undefined {
  const start = text.trimStart();
  if (start === '') return 'it is empty';
  const saved = SAVED_INSTEAD.find(({ pattern }) => pattern.test(start));
  if (saved !== undefined) return saved.is;
  if (/^<(?:!doctype|html|\?xml|[a-z]+[\s>])/i.test(start)) {
    return 'it is HTML or XML, such as the page of an error that was downloaded in its place';
  }
  if (/^(?:resource|data|module|variable|locals|terraform)\s+["{]/m.test(text) && !start.startsWith('{')) {
    return "it is Terraform's language: give the JSON of the definition, or deploy the revision that Terraform registers (leave task-definition out)";
  }
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict !== null) {
    return `it has the marks of a merge conflict (line ${text.slice(0, conflict.index).split('\n').length})`;
  }
  return templateOf(start) ?? commentedJson(start);
}

/** What is saved in the place of a definition. */
const SAVED_INSTEAD: readonly { readonly pattern: RegExp; readonly is: string }[] = [
  {
    pattern: /^(?:aws: )?(?:\[ERROR\]: )?An error occurred \(/,
    is: 'it is the error of a call of AWS, saved in the place of its answer',
  },
  {
    pattern: /^TASKDEFINITION\s/,
    is: "it is the text form of the AWS CLI's output: write it with --output json",
  },
  {
    pattern: /^version https:\/\/git-lfs\.github\.com\//,
    is: 'it is a pointer of Git LFS: check out with lfs: true',
  },
  {
    pattern: /^(?:\{\s*)?(?:local|function)\b[^\n:]*[=(]/,
    is: 'it is Jsonnet that nobody rendered: give its JSON',
  },
];

/** Marks of templates where no value can begin so, outside of quotes: `cpu: {{ cpu }}`, `{% if %}`, `<%= %>`. */
function templateOf(text: string): string | undefined {
  const unquoted = text.replace(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/g, (quoted) => 'q'.repeat(quoted.length));
  const mark = /\{%|<%|(?:^|[:[,-])\s*\{\{/m.exec(unquoted);
  if (mark === null) return undefined;
  const line = unquoted.slice(0, mark.index + mark[0].length).split('\n').length;
  return `it is a template that nobody rendered (line ${line}): render it in a step before this one`;
}

/** JSON but for its comments. */
function commentedJson(text: string): string | undefined {
  if (!/^(?:[{[]|\/[/*])/.test(text) || isJson(text)) return undefined;
  const { stripped, line } = withoutComments(text);
  if (line === undefined || !isJson(stripped.replace(/,(\s*[}\]])/g, '$1'))) return undefined;
  return `it is JSON with comments (line ${line}): JSON has none; leave them out, or write YAML, whose comments begin with #`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The text without what stands outside of quotes after `//` or between the marks of a block, and the first line of that. */
function withoutComments(text: string): { readonly stripped: string; readonly line: number | undefined } {
  let line: number | undefined;
  const stripped = text.replace(
    /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (found: string, at: number) => {
      if (found.startsWith('"')) return found;
      line ??= text.slice(0, at).split('\n').length;
      return ' ';
    },
  );
  return { stripped, line };
}

/** What a file's content is that is no task definition; a clause, undefined where it may be one. */
export function foreignForm(content: Raw): string | undefined {
  if (content === null) return 'it is empty';
  if (isList(content)) {
    if (content.some((entry) => isMap(entry) && entry.has('imageUri'))) {
      return 'it is the list of images that CodePipeline takes: give those by the input images, as container=reference, and leave task-definition out';
    }
    if (
      content.some(
        (entry) => isMap(entry) && ['containerDefinitions', 'taskDefinition'].some((key) => entry.has(key)),
      )
    ) {
      return content.length === 1
        ? 'it is a list that holds a definition: leave out the brackets around it'
        : `it is a list of ${content.length} definitions: give each a file of its own`;
    }
    return content.some((entry) => isMap(entry) && (entry.has('image') || entry.has('name')))
      ? 'it is a list of containers: put it below containerDefinitions, beside a family'
      : 'it is a list, and a definition is an object';
  }
  if (typeof content === 'string' && /^\s*[{[]/.test(content)) {
    return 'it is JSON within a text: it was encoded twice';
  }
  if (!isMap(content)) return undefined;
  if (isMap(content.get('sops'))) return 'it is encrypted by SOPS: decrypt it in a step before this one';
  if (content.has('containerDefinitions') || content.has('family')) return templateInNames(content);
  if (COPILOT.has(content.get('type') ?? null))
    return 'it is a manifest of AWS Copilot: give the definition itself';
  const form = FORMS.find(({ keys }) => keys.every((key) => content.has(key)));
  return form?.is;
}

/** The types of AWS Copilot's manifests. */
const COPILOT: ReadonlySet<Raw> = new Set<Raw>([
  'Load Balanced Web Service',
  'Request-Driven Web Service',
  'Backend Service',
  'Worker Service',
  'Static Site',
  'Scheduled Job',
]);

const FORMS: readonly { readonly keys: readonly string[]; readonly is: string }[] = [
  { keys: ['Resources', 'version'], is: "it is CodeDeploy's appspec, not the definition that it names" },
  {
    keys: ['Resources'],
    is: "it is a template of CloudFormation: give the definition in the API's spelling (family, containerDefinitions), or deploy the revision that the stack registers (leave task-definition out)",
  },
  { keys: ['AWSTemplateFormatVersion'], is: 'it is a template of CloudFormation without resources' },
  {
    keys: ['Type', 'Properties'],
    is: "it is a resource of CloudFormation: give its Properties in the API's spelling (family, containerDefinitions)",
  },
  {
    keys: ['ContainerDefinitions'],
    is: "it is in CloudFormation's spelling: the API's begins in lower case (family, containerDefinitions, portMappings)",
  },
  {
    keys: ['container_definitions'],
    is: "it is in Terraform's spelling: the API's has no underscores (family, containerDefinitions, portMappings)",
  },
  { keys: ['resource'], is: "it is Terraform's JSON: give the definition itself" },
  { keys: ['services'], is: 'it is a file of Docker Compose, or a description of services' },
  { keys: ['apiVersion', 'kind'], is: 'it is a manifest of Kubernetes' },
  { keys: ['jobs', 'on'], is: 'it is a workflow of GitHub Actions' },
  { keys: ['task_definition'], is: 'it is a file of parameters of the ECS CLI: give the definition itself' },
  { keys: ['serviceName'], is: 'it describes a service, not the task definition that it runs' },
  { keys: ['serviceArn'], is: 'it describes a service, not the task definition that it runs' },
  { keys: ['taskDefinitionArns'], is: 'it is a list of task definitions' },
  { keys: ['taskDefinition'], is: 'it only names a task definition: give that name as the input' },
  { keys: ['image', 'name'], is: 'it is a container: put it below containerDefinitions, beside a family' },
];

const TOP_NAMES = ['family', 'cpu', 'memory', 'networkMode', 'taskRoleArn', 'executionRoleArn'];
const MARKS = /\$\{[^}]*\}|\{\{.*\}\}|<%|^\$[A-Z_]+$/;

/** Fields of the task that can hold no mark of a template; a container's image may be a placeholder. */
function templateInNames(content: ReadonlyMap<Raw, Raw>): string | undefined {
  for (const field of TOP_NAMES) {
    const value = content.get(field);
    if (typeof value !== 'string' || !MARKS.test(value)) continue;
    return `it is a template that nobody rendered (${field} is ${value}): render it in a step before this one`;
  }
  return undefined;
}
