locals {
  # The agent of ECS Exec writes into the container's own file system.
  read_only = !var.task.execute_command
  volumes   = { for path in var.task.writable_paths : trim(replace(path, "/[^A-Za-z0-9]+/", "-"), "-") => path }

  mounts = concat(
    [for name, path in local.volumes : { sourceVolume = name, containerPath = path, readOnly = false }],
    [for name, fs in var.task.file_systems : { sourceVolume = name, containerPath = fs.path, readOnly = fs.read_only }],
  )

  # What every container has.
  common = {
    mountPoints            = local.mounts
    readonlyRootFilesystem = local.read_only
    stopTimeout            = var.task.stop_timeout_seconds
    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { add = [], drop = ["ALL"] }
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.logs.group.name
        awslogs-region        = var.identity.region
        awslogs-stream-prefix = "ecs"
        mode                  = "non-blocking"
      }
    }
  }

  # No key without a value: ECS leaves those out of what it answers, and Terraform would see a difference for ever.
  container = merge(
    local.common,
    {
      name      = var.identity.name
      image     = var.container.image
      essential = true
      # Named with and without Service Connect: a service that gets it later keeps its running revision.
      portMappings = var.container.port == null ? [] : [
        { name = "main", containerPort = var.container.port, hostPort = var.container.port, protocol = "tcp" },
      ]
      environment = [for name in sort(keys(var.container.environment)) : { name = name, value = var.container.environment[name] }]
      secrets     = [for name in sort(keys(var.container.secrets)) : { name = name, valueFrom = var.container.secrets[name] }]
    },
    { for key, value in { command = var.container.command } : key => value if value != null },
    { for key, value in { dependsOn = [for name in sort(keys(var.container.waits_for)) : { containerName = name, condition = var.container.waits_for[name] }] } : key => value if length(value) > 0 },
    var.container.health_check == null ? {} : {
      healthCheck = { command = var.container.health_check, interval = 10, timeout = 5, retries = 3, startPeriod = 30 }
    },
    var.task.gpus == 0 ? {} : {
      resourceRequirements = [{ type = "GPU", value = tostring(var.task.gpus) }]
    },
  )

  sidecars = [for name in sort(keys(var.container.sidecars)) : merge(
    local.common,
    {
      name         = name
      image        = var.container.sidecars[name].image
      essential    = var.container.sidecars[name].essential
      portMappings = [for port in [var.container.sidecars[name].port] : { containerPort = port, hostPort = port, protocol = "tcp" } if port != null]
      environment  = [for key in sort(keys(var.container.sidecars[name].environment)) : { name = key, value = var.container.sidecars[name].environment[key] }]
      secrets      = [for key in sort(keys(var.container.sidecars[name].secrets)) : { name = key, valueFrom = var.container.sidecars[name].secrets[key] }]
    },
    { for key, value in { command = var.container.sidecars[name].command } : key => value if value != null },
    { for key, value in { cpu = var.container.sidecars[name].cpu, memory = var.container.sidecars[name].memory } : key => value if value != null },
    { for key, value in { dependsOn = [for other in sort(keys(var.container.sidecars[name].depends_on)) : { containerName = other, condition = var.container.sidecars[name].depends_on[other] }] } : key => value if length(value) > 0 },
    var.container.sidecars[name].health_check == null ? {} : {
      healthCheck = { command = var.container.sidecars[name].health_check, interval = 10, timeout = 5, retries = 3, startPeriod = 30 }
    },
  )]
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.identity.family
  requires_compatibilities = [upper(var.cluster.capacity)]
  network_mode             = "awsvpc"
  cpu                      = var.task.cpu
  memory                   = var.task.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(concat([local.container], local.sidecars))

  # Deployments go back to older revisions, and ECS replaces tasks from the one that runs: none of them may vanish.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.task.cpu_architecture
  }

  dynamic "ephemeral_storage" {
    for_each = var.task.ephemeral_storage_gib == null ? [] : [var.task.ephemeral_storage_gib]
    content {
      size_in_gib = ephemeral_storage.value
    }
  }

  dynamic "volume" {
    for_each = local.volumes
    content {
      name = volume.key
    }
  }

  dynamic "volume" {
    for_each = var.task.file_systems
    content {
      name = volume.key

      efs_volume_configuration {
        file_system_id     = volume.value.id
        transit_encryption = "ENABLED"

        authorization_config {
          access_point_id = volume.value.access_point_id
          iam             = "ENABLED"
        }
      }
    }
  }
}
