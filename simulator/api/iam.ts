/** Who may do what: the one action each of IAM and of STS that a deployer needs. */
import type { World } from '../engine/world.ts';
import { AwsError } from '../state/errors.ts';
import type { QueryInput, Xml } from './protocol/query.ts';

export const iamNamespace = 'https://iam.amazonaws.com/doc/2010-05-08/';
export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

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

export const stsActions = {
  GetCallerIdentity(world: World): Xml {
    return {
      Arn: `arn:${world.partition}:sts::${world.account}:assumed-role/deployer/simulated`,
      UserId: 'AROASIMULATEDDEPLOYER:simulated',
      Account: world.account,
    };
  },
};

function trustPolicy(service: string): object {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
}
