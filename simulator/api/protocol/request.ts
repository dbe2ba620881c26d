import type { IncomingMessage } from 'node:http';
import { isObject } from '../../state/json.ts';
import type { JsonObject } from '../../state/json.ts';
import { QueryInput } from './query.ts';

/** A request, whichever protocol it came in. */
export interface AwsRequest {
  /** The name under which requests are signed: `ecs`, `ecr`, `logs`, `elasticloadbalancing`, `sts`. */
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** The access key that signed it; empty where nothing did. */
  readonly caller: string;
  readonly body: JsonObject;
  /** Present for the Query protocol. */
  readonly query: QueryInput | undefined;
  readonly contentType: string;
}

const targets = new Map([
  ['AmazonEC2ContainerServiceV20141113', 'ecs'],
  ['AmazonEC2ContainerRegistry_V20150921', 'ecr'],
  ['Logs_20140328', 'logs'],
  ['GraniteServiceVersion20100801', 'monitoring'],
  ['secretsmanager', 'secretsmanager'],
  ['AmazonSSM', 'ssm'],
  ['AnyScaleFrontendService', 'application-autoscaling'],
  ['CodeDeploy_20141006', 'codedeploy'],
]);

/** A request as it is on the wire. */
export interface WireRequest {
  /** Their names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Reads the whole request from its connection. */
export async function receive(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return { headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** What a request asks; service and region come from its target and its SigV4 credential scope. */
export function parseRequest({ headers, body }: WireRequest, homeRegion: string): AwsRequest {
  const scope = credentialScope(textOf(headers['authorization']) ?? '');
  const region = scope.region ?? homeRegion;
  const target = textOf(headers['x-amz-target']);
  const { caller } = scope;
  return target !== undefined
    ? jsonRequest(
        { target, region, caller },
        body,
        textOf(headers['content-type']) ?? 'application/x-amz-json-1.1',
      )
    : queryRequest({ service: scope.service ?? 'unknown', region, caller }, body);
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** Answers in the version of awsJson that the request has. */
function jsonRequest(
  { target, region, caller }: { readonly target: string; readonly region: string; readonly caller: string },
  body: string,
  contentType: string,
): AwsRequest {
  const [prefix = '', action = ''] = target.split('.');
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  return {
    service: targets.get(prefix) ?? prefix,
    action,
    region,
    caller,
    body: isObject(parsed) ? parsed : {},
    query: undefined,
    contentType,
  };
}

function queryRequest(
  signed: { readonly service: string; readonly region: string; readonly caller: string },
  body: string,
): AwsRequest {
  const query = new QueryInput(body);
  return { ...signed, action: query.action, body: query.all(), query, contentType: 'text/xml' };
}

/** `Credential=KEY/20260105/us-east-1/ecs/aws4_request` */
function credentialScope(authorization: string): {
  caller: string;
  region: string | undefined;
  service: string | undefined;
} {
  const [, caller = '', region, service] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization) ?? [];
  return { caller, region, service };
}
