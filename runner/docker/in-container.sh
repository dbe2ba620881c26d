# Runs the Docker tests in a fresh container of node:24-bookworm, for runner/docker/in-container.ts.
set -e
cd "$(dirname "$0")/../.."

# With cgroup v2 an engine can make groups of its own only below a group that has no processes (moby's dind does this).
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs || :
  sed -e 's/ / +/g' -e 's/^/+/' < /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi

# What the engine of Debian's packages needs, and an image may lack.
apt-get update -qq > /dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends iproute2 libseccomp2 mount python3-pip > /dev/null

# The history stays outside; the tests build and deploy a commit.
git init --quiet
git add --all
git -c user.name=tests -c user.email=tests@localhost commit --quiet --message 'The files under test'

export npm_config_update_notifier=false
npm ci --no-audit --no-fund --loglevel=error > /dev/null
exec npm run --silent test:docker -- "$@"
