/** The one action of Secrets Manager that a deployer needs. No secret has a value here. */
import { AwsError } from '../state/errors.ts';
import { epochSeconds, requiredText } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import type { World } from '../engine/world.ts';

export const secretsManagerActions = {
  DescribeSecret(world: World, input: JsonObject): JsonObject {
    const arn = findSecret(world, requiredText(input, 'SecretId'));
    if (arn === undefined) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return {
      ARN: arn,
      Name: nameOf(arn),
      CreatedDate: epochSeconds(world.clock.now()),
      VersionIdsToStages: { '0a1b2c3d-0000-4000-8000-000000000001': ['AWSCURRENT'] },
    };
  },
};

/** By ARN, with or without the six characters that Secrets Manager adds to the name, or by name. */
function findSecret(world: World, id: string): string | undefined {
  const arns = [...world.secrets].filter((secret) => secret.includes(':secretsmanager:'));
  return arns.find((arn) => arn === id || withoutSuffix(arn) === id || nameOf(arn) === id);
}

function nameOf(arn: string): string {
  return withoutSuffix(arn).replace(/^.*:secret:/, '');
}

function withoutSuffix(arn: string): string {
  return arn.replace(/-[A-Za-z0-9]{6}$/, '');
}
