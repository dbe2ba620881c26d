/** AWS's Query protocol: a form-encoded request, an XML answer. Spoken by ELBv2, IAM and STS. */
import type { AwsError } from '../../state/errors.ts';

/** A value that an XML answer can hold; a list becomes `<member>` elements, as Query services write them. */
export type Xml =
  string | number | boolean | undefined | readonly Xml[] | { readonly [element: string]: Xml };

/** A parsed request: single values, and lists written as `Name.member.1`. */
export class QueryInput {
  private readonly parameters: URLSearchParams;

  constructor(body: string) {
    this.parameters = new URLSearchParams(body);
  }

  get action(): string {
    return this.parameters.get('Action') ?? '';
  }

  text(name: string): string | undefined {
    return this.parameters.get(name) ?? undefined;
  }

  list(name: string): string[] {
    const items: string[] = [];
    for (let index = 1; this.parameters.has(`${name}.member.${index}`); index += 1) {
      items.push(this.parameters.get(`${name}.member.${index}`) ?? '');
    }
    return items;
  }

  /** Lists of structures: the one field `inner` of each item of `name`. */
  listOf(name: string, inner: string): string[] {
    const items: string[] = [];
    for (let index = 1; this.parameters.has(`${name}.member.${index}.${inner}`); index += 1) {
      items.push(this.parameters.get(`${name}.member.${index}.${inner}`) ?? '');
    }
    return items;
  }

  /** Every parameter, for the record of calls. */
  all(): Record<string, string> {
    return Object.fromEntries(this.parameters);
  }
}

export function queryAnswer(namespace: string, action: string, result: Xml, requestId: string): string {
  const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
  const body = `<${action}Result>${render(result)}</${action}Result>`;
  return `<${action}Response xmlns="${namespace}">${body}${metadata}</${action}Response>`;
}

export function queryError(namespace: string, error: AwsError, requestId: string): string {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const body = `<Error><Type>${type}</Type><Code>${escape(error.code)}</Code><Message>${escape(error.message)}</Message></Error>`;
  return `<ErrorResponse xmlns="${namespace}">${body}<RequestId>${requestId}</RequestId></ErrorResponse>`;
}

function render(value: Xml): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => `<member>${render(item)}</member>`).join('');
  if (typeof value !== 'object') return escape(String(value));
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([element, inner]) => `<${element}>${render(inner)}</${element}>`)
    .join('');
}

function isList(value: Xml): value is readonly Xml[] {
  return Array.isArray(value);
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
