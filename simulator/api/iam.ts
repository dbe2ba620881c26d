/** The one action of IAM that a deployer needs. */
import { AwsError } from '../state/errors.ts';
import type { QueryInput, Xml } from './protocol/query.ts';
import type { World } from '../engine/world.ts';

export const iamNamespace = 'https://iam.amazonaws.com/doc/2010-05-08/';

export const iamActions = {
  GetRole(world: World, input: QueryInput): Xml {
    const name = input.text('RoleName') ?? '';
    const role = world.roles.all.get(name);
    if (role === undefined) {
      throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    }
    return {
      Role: {
        Path: '/',
        RoleName: role.name,
        RoleId: 'AROASIMULATEDROLE',
        Arn: role.arn,
        CreateDate: new Date(role.createdAt).toISOString(),
        AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trustPolicy(role.trusts))),
        MaxSessionDuration: 3600,
      },
    };
  },
};

function trustPolicy(service: string): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
}
