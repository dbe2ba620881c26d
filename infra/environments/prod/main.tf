terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }

  # The state of this environment and of no other. Bucket and region are given to terraform init; the lock is a file
  # beside the state.
  backend "s3" {
    key          = "backend-prod.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  # Without a value where the state is of another stack.
  region = module.stack.aws_region

  # Stack is what the roles of one environment are told apart by from those of another.
  default_tags {
    tags = {
      Service     = "backend"
      Environment = "prod"
      Stack       = "backend-prod"
      ManagedBy   = "terraform"
    }
  }
}

# The defaults of the stack, with two tasks, so that one zone may fail.
module "stack" {
  source = "../.."

  name        = "backend"
  environment = "prod"
  aws_region  = var.aws_region

  github_repository     = var.github_repository
  github_owner_id       = var.github_owner_id
  github_repository_id  = var.github_repository_id
  github_subject_format = var.github_subject_format
  state_bucket          = var.state_bucket

  desired_count      = 2
  min_capacity       = 2
  max_capacity       = 8
  log_retention_days = 30
  waf                = true
  upload_paths       = ["/thumbnails"]

  # The load balancer takes a task out that cannot work; ECS replaces one that does not answer at all.
  health_check_path      = "/ready"
  container_health_check = ["CMD", "python", "-m", "app.healthcheck"]

  environment_variables = {
    LOG_LEVEL = "info"
  }
}

# Users reach the service over HTTP until certificate_arn, or domain_name with hosted_zone_id, is set above. Each plan says
# so, and is none the worse for it.
check "https" {
  assert {
    condition     = startswith(coalesce(module.stack.url, "https://"), "https://")
    error_message = "Production is served over HTTP. Set certificate_arn, or domain_name with hosted_zone_id, in environments/prod/main.tf."
  }
}
