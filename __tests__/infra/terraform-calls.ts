/** Which IAM actions Terraform's own calls need, from the debug log of its AWS provider. */
import { readFileSync } from 'node:fs';
import type { Policy } from './iam/evaluate.ts';

/** What makes the provider write its calls down. */
export function logging(file: string): Record<string, string> {
  return { TF_LOG_PROVIDER: 'DEBUG', TF_LOG_PATH: file };
}

/** Names under which requests are signed that are not the prefix of their IAM actions. */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Operations of S3 whose IAM action has another name (Service Authorization Reference, Amazon S3). */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteObjects: 'DeleteObject',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListObjectsV2: 'ListBucket',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

/** IAM actions of the calls in a log, once each, sorted. */
export function actionsIn(file: string): string[] {
  const calls = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('HTTP Request Sent'))
    .flatMap((line) => {
      const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(line)?.[1];
      const method = /rpc\.method=(\w+)/.exec(line)?.[1];
      return service === undefined || method === undefined ? [] : [actionOf(service, method)];
    });
  return [...new Set(calls)].sort();
}

function actionOf(service: string, method: string): string {
  const name = service === 's3' ? (S3_ACTIONS[method] ?? method) : method;
  return `${PREFIXES[service] ?? service}:${name}`;
}

/** Those of the actions that no statement allows on any resource. */
export function notAllowed(policies: readonly Policy[], actions: readonly string[]): string[] {
  const patterns = policies
    .flatMap(({ Statement }) => Statement)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action }) => [Action].flat())
    .map((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i'));
  return actions.filter((action) => !patterns.some((pattern) => pattern.test(action)));
}
