/** The one action of STS that a deployer needs. */
import type { Xml } from './protocol/query.ts';
import type { World } from '../engine/world.ts';

export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

export const stsActions = {
  GetCallerIdentity(world: World): Xml {
    return {
      Arn: `arn:${world.partition}:sts::${world.account}:assumed-role/deployer/simulated`,
      UserId: 'AROASIMULATEDDEPLOYER:simulated',
      Account: world.account,
    };
  },
};
