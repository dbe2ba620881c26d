locals {
  # The agent of ECS Exec writes into the container's own file system.
  read_only = !var.execute_command
  volumes   = { for path in var.writable_paths : trim(replace(path, "/[^A-Za-z0-9]+/", "-"), "-") => path }

  # No key without a value: ECS leaves those out of what it answers, and Terraform would see a difference for ever.
  container = merge(
    {
      name         = var.name
      image        = var.image
      essential    = true
      portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
      environment  = [for name in sort(keys(var.environment_variables)) : { name = name, value = var.environment_variables[name] }]
      secrets      = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = var.secrets[name] }]
      mountPoints  = [for name, path in local.volumes : { sourceVolume = name, containerPath = path, readOnly = false }]

      readonlyRootFilesystem = local.read_only
      stopTimeout            = var.stop_timeout_seconds
      linuxParameters = {
        initProcessEnabled = true
        capabilities       = { add = [], drop = ["ALL"] }
      }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = var.log_group_name
          awslogs-region        = var.region
          awslogs-stream-prefix = "ecs"
          mode                  = "non-blocking"
        }
      }
    },
    var.container_health_check == null ? {} : {
      healthCheck = { command = var.container_health_check, interval = 10, timeout = 5, retries = 3, startPeriod = 30 }
    },
    var.gpus == 0 ? {} : {
      resourceRequirements = [{ type = "GPU", value = tostring(var.gpus) }]
    },
  )
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.family
  requires_compatibilities = [upper(var.capacity)]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([local.container])

  # Deployments go back to older revisions, and ECS replaces tasks from the one that runs: none of them may vanish.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  dynamic "ephemeral_storage" {
    for_each = var.ephemeral_storage_gib == null ? [] : [var.ephemeral_storage_gib]
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
}
