/** The actions of ECR, with the sentences in which it refuses. */
import type { World } from '../engine/world.ts';
import { AwsError, invalidParameter } from '../state/errors.ts';
import { epochSeconds, object, objects, requiredText, text, texts } from '../state/json.ts';
import type { JsonObject } from '../state/json.ts';
import { indexType, manifestType } from '../state/registry.ts';
import type { Image, Repository } from '../state/registry.ts';
import { page, paging } from './protocol/pages.ts';

const mutabilities = ['MUTABLE', 'IMMUTABLE', 'MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'] as const;

const twelveHours = 12 * 3600 * 1000;

export const ecrActions = {
  CreateRepository(world: World, input: JsonObject): JsonObject {
    const mutability = mutabilities.find((each) => each === text(input, 'imageTagMutability')) ?? 'MUTABLE';
    const filters = objects(input, 'imageTagMutabilityExclusionFilters');
    const exceptions = filters.map((filter) => requiredText(filter, 'filter'));
    const created = world.registry.create(requiredText(input, 'repositoryName'), mutability, exceptions);
    return { repository: repositoryView(world, created) };
  },

  DescribeRepositories(world: World, input: JsonObject): JsonObject {
    const names = texts(input, 'repositoryNames');
    const repositories =
      names.length === 0
        ? [...world.registry.repositories.values()]
        : names.map((name) => repository(world, name));
    const { items, nextToken } = page(repositories, paging(input), 1000, 100);
    return { repositories: items.map((item) => repositoryView(world, item)), nextToken };
  },

  DescribeImages(world: World, input: JsonObject): JsonObject {
    const home = repositoryOf(world, input);
    const ids = objects(input, 'imageIds');
    const images = ids.length === 0 ? [...home.images.values()] : ids.map((id) => found(world, home, id));
    const { items, nextToken } = page(images, paging(input), 1000, 100);
    return { imageDetails: items.map((image) => imageView(world, home, image)), nextToken };
  },

  ListImages(world: World, input: JsonObject): JsonObject {
    const status = text(object(input, 'filter') ?? {}, 'tagStatus') ?? 'ANY';
    const ids = [...repositoryOf(world, input).images.values()].flatMap(({ digest, tags }): JsonObject[] =>
      tags.size === 0
        ? [{ imageDigest: digest }]
        : [...tags].map((imageTag) => ({ imageDigest: digest, imageTag })),
    );
    const matching = ids.filter(
      ({ imageTag }) => status === 'ANY' || (imageTag !== undefined) === (status === 'TAGGED'),
    );
    const { items, nextToken } = page(matching, paging(input), 1000, 100);
    return { imageIds: items, nextToken };
  },

  BatchGetImage(world: World, input: JsonObject): JsonObject {
    const home = repositoryOf(world, input);
    const looked = objects(input, 'imageIds').map((imageId) => ({
      imageId,
      image: home.find(idOf(imageId)),
    }));
    return {
      images: looked.flatMap(({ imageId, image }) =>
        image === undefined
          ? []
          : [
              {
                registryId: world.account,
                repositoryName: home.name,
                imageId: { imageDigest: image.digest, imageTag: text(imageId, 'imageTag') },
                imageManifest: image.manifest,
                imageManifestMediaType: image.mediaType,
              },
            ],
      ),
      failures: looked.flatMap(({ imageId, image }) =>
        image === undefined
          ? [{ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }]
          : [],
      ),
    };
  },

  PutImage(world: World, input: JsonObject): JsonObject {
    const home = repositoryOf(world, input);
    const manifest = requiredText(input, 'imageManifest');
    const tag = text(input, 'imageTag');
    const previous = tag === undefined ? undefined : home.byTag(tag);
    refuseRetagging(world, home, tag, previous, manifest);
    const image = home.put(manifest, {
      ...describeManifest(manifest),
      pushedAt: world.clock.now(),
      behaviour: undefined,
      tag,
    });
    return {
      image: {
        registryId: world.account,
        repositoryName: home.name,
        imageId: { imageDigest: image.digest, imageTag: tag },
        imageManifest: manifest,
        imageManifestMediaType: image.mediaType,
      },
    };
  },

  /** Only configs have a content here; of layers nothing but their digests is known. */
  GetDownloadUrlForLayer(world: World, input: JsonObject): JsonObject {
    const home = repositoryOf(world, input);
    const layerDigest = requiredText(input, 'layerDigest');
    const config = home.configs.get(layerDigest);
    if (config !== undefined) return { downloadUrl: world.downloads.offer(config), layerDigest };
    throw new AwsError(
      'LayersNotFoundException',
      `The layer with digest '${layerDigest}' does not exist within the repository with name '${home.name}' in the registry with id '${world.account}'`,
    );
  },

  GetAuthorizationToken(world: World): JsonObject {
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${world.registry.password}`).toString('base64'),
          expiresAt: epochSeconds(world.clock.now() + twelveHours),
          proxyEndpoint: `https://${world.registry.host}`,
        },
      ],
    };
  },
};

function repositoryOf(world: World, input: JsonObject): Repository {
  return repository(world, requiredText(input, 'repositoryName'));
}

function repository(world: World, name: string): Repository {
  const known = world.registry.repositories.get(name);
  if (known !== undefined) return known;
  throw new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${world.account}'`,
  );
}

function idOf(imageId: JsonObject): { tag: string | undefined; digest: string | undefined } {
  return { tag: text(imageId, 'imageTag'), digest: text(imageId, 'imageDigest') };
}

function found(world: World, home: Repository, imageId: JsonObject): Image {
  const { tag, digest } = idOf(imageId);
  const image = home.find({ tag, digest });
  if (image !== undefined) return image;
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${digest ?? 'null'}', imageTag:'${tag ?? 'null'}'} does not exist within the repository with name '${home.name}' in the registry with id '${world.account}'`,
  );
}

function refuseRetagging(
  world: World,
  home: Repository,
  tag: string | undefined,
  previous: Image | undefined,
  manifest: string,
): void {
  if (tag === undefined || previous === undefined) return;
  const where = `in the '${home.name}' repository`;
  if (previous.manifest === manifest) {
    throw new AwsError(
      'ImageAlreadyExistsException',
      `Image with digest '${previous.digest}' and tag '${tag}' already exists ${where} in registry with id '${world.account}'`,
    );
  }
  if (home.isImmutable(tag)) {
    throw new AwsError(
      'ImageTagAlreadyExistsException',
      `The image tag '${tag}' already exists ${where} and cannot be overwritten because the repository is immutable.`,
    );
  }
}

function describeManifest(manifest: string): Pick<Image, 'mediaType' | 'children'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifest);
  } catch {
    throw invalidParameter(
      "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'must be a JSON document'",
    );
  }
  const document = parsed as JsonObject;
  const children = objects(document, 'manifests').map((child) => ({
    architecture:
      text(object(child, 'platform') ?? {}, 'architecture') === 'arm64'
        ? ('arm64' as const)
        : ('amd64' as const),
    digest: requiredText(child, 'digest'),
  }));
  return {
    mediaType: text(document, 'mediaType') ?? (children.length > 0 ? indexType : manifestType),
    children,
  };
}

function repositoryView(world: World, home: Repository): JsonObject {
  return {
    repositoryArn: home.arn,
    registryId: world.account,
    repositoryName: home.name,
    repositoryUri: home.uri,
    createdAt: epochSeconds(home.createdAt),
    imageTagMutability: home.tagMutability,
    imageTagMutabilityExclusionFilters:
      home.mutabilityExceptions.length === 0
        ? undefined
        : home.mutabilityExceptions.map((filter) => ({ filterType: 'WILDCARD', filter })),
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  };
}

function imageView(world: World, home: Repository, image: Image): JsonObject {
  return {
    registryId: world.account,
    repositoryName: home.name,
    imageDigest: image.digest,
    imageTags: image.tags.size === 0 ? undefined : [...image.tags],
    imageSizeInBytes: image.size,
    imagePushedAt: epochSeconds(image.pushedAt),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.mediaType === indexType ? undefined : 'application/vnd.oci.image.config.v1+json',
  };
}
