# The service as a Lambda function behind an HTTP API, and a bucket for videos, which are too large for a request.
terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81, < 7.0"
    }
  }
}

variable "http_image" {
  description = "Image of the target http of the Dockerfile, in ECR, for ARM64."
  type        = string
}

variable "worker_image" {
  description = "Image of the target worker of the Dockerfile, in ECR, for ARM64."
  type        = string
}

variable "name" {
  description = "Of everything here."
  type        = string
  default     = "backend"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# Each function writes its log; only the worker reads and writes the bucket.
resource "aws_iam_role" "this" {
  for_each           = toset(["http", "worker"])
  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "logs" {
  for_each   = aws_iam_role.this
  role       = each.value.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

data "aws_iam_policy_document" "bucket" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.this.arn}/uploads/*"]
  }

  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this.arn}/results/*"]
  }
}

resource "aws_iam_role_policy" "bucket" {
  role   = aws_iam_role.this["worker"].name
  policy = data.aws_iam_policy_document.bucket.json
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = aws_iam_role.this
  name              = "/aws/lambda/${each.value.name}"
  retention_in_days = 7
}

# CPU comes with the memory: about 1 vCPU at 1769 MB.
resource "aws_lambda_function" "http" {
  function_name = "${var.name}-http"
  role          = aws_iam_role.this["http"].arn
  package_type  = "Image"
  image_uri     = var.http_image
  architectures = ["arm64"]
  memory_size   = 2048
  timeout       = 30
  depends_on    = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.logs]
}

resource "aws_lambda_function" "worker" {
  function_name = "${var.name}-worker"
  role          = aws_iam_role.this["worker"].arn
  package_type  = "Image"
  image_uri     = var.worker_image
  architectures = ["arm64"]
  memory_size   = 2048
  timeout       = 120
  depends_on    = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.logs]

  ephemeral_storage {
    size = 1024
  }
}

# A damaged video fails again and again: once is enough.
resource "aws_lambda_function_event_invoke_config" "worker" {
  function_name          = aws_lambda_function.worker.function_name
  maximum_retry_attempts = 0
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  protocol_type = "HTTP"
  target        = aws_lambda_function.http.arn
}

resource "aws_lambda_permission" "api" {
  function_name = aws_lambda_function.http.function_name
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_s3_bucket" "this" {
  bucket_prefix = "${var.name}-"
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "a-day"
    status = "Enabled"

    filter {}

    expiration {
      days = 1
    }
  }
}

resource "aws_lambda_permission" "bucket" {
  function_name = aws_lambda_function.worker.function_name
  action        = "lambda:InvokeFunction"
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.this.arn
}

resource "aws_s3_bucket_notification" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_lambda_permission.bucket]

  lambda_function {
    lambda_function_arn = aws_lambda_function.worker.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "uploads/"
  }
}

output "url" {
  description = "Where the service answers."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "bucket" {
  description = "aws s3 cp clip.mp4 s3://BUCKET/uploads/, and the frame is in results/."
  value       = aws_s3_bucket.this.bucket
}
