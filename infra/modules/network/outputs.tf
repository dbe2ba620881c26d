output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, in the order of their zones."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, in the order of their zones."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]

  # Tasks start as soon as the service exists: the way out must be there before.
  depends_on = [aws_route.nat, aws_route.internet, aws_route_table_association.private, aws_route_table_association.public, aws_vpc_endpoint.interface, aws_vpc_endpoint.s3]
}
