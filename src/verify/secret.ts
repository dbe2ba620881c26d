import type { DescribeSecretCommandOutput } from '@aws-sdk/client-secrets-manager';
import { isAwsError } from '../aws/errors.ts';
import { parseArn } from '../aws/partition.ts';
import {
  differentRegionOrAccount,
  failed,
  looked,
  ok,
  skipped,
  warning,
  type Check,
  type Finding,
} from './check.ts';
import { referencesOf, type SecretReference } from './references.ts';

/** The secrets of the definition exist. Their values are not read. */
export const secret: Check = {
  name: 'secret',
  nothing: 'the definition names no secret of Secrets Manager',
  async look(aws, candidate) {
    const desired = referencesOf(candidate.definition).flatMap((each) =>
      each.kind === 'secret' ? each : [],
    );
    const looks = desired.map(async (reference) => {
      const name = nameOf(reference);
      const away = differentRegionOrAccount(reference.id, aws, candidate);
      if (away !== undefined) return [skipped(`${name} ${away}`)];
      return looked(
        name,
        'secretsmanager:DescribeSecret',
        () => aws.secrets.describeSecret({ SecretId: reference.id }),
        (answer) => [secretFinding(reference, answer)],
        (error) =>
          isAwsError(error, 'ResourceNotFoundException') ? failed(`${name} does not exist`) : undefined,
      );
    });
    return (await Promise.all(looks)).flat();
  },
};

function nameOf({ id }: SecretReference): string {
  return `secret ${parseArn(id)?.resource.replace(/^secret:/, '') ?? id}`;
}

/** Pure: whether ECS can read the version that the definition asks for, as far as it shows without the value. */
export function secretFinding(
  reference: SecretReference,
  {
    DeletedDate,
    VersionIdsToStages,
  }: Pick<DescribeSecretCommandOutput, 'DeletedDate' | 'VersionIdsToStages'>,
): Finding {
  const name = nameOf(reference);
  if (DeletedDate !== undefined) return failed(`${name} is marked for deletion, so no task can read it`);
  const versions = Object.entries(VersionIdsToStages ?? {});
  if (versions.length === 0) return warning(`${name} is there, but has no value yet`);
  const desired = reference.version ?? 'AWSCURRENT';
  return versions.some(([id, stages]) => id === desired || stages.includes(desired))
    ? ok(`${name} is there`)
    : warning(`${name} is there, but no version of it is labelled ${desired}`);
}
