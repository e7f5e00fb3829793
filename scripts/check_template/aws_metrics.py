"""Metrics that AWS writes, as far as the template uses them: namespace, name, and the sets of
dimensions under which each is found. Each namespace with the page that says so."""

# Under https://docs.aws.amazon.com/
SOURCES = {
    "AWS/ApiGateway": "apigateway/latest/developerguide/http-api-metrics.html",
    "AWS/Lambda": "lambda/latest/dg/monitoring-metrics-types.html",
    "AWS/SQS": "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
    "AWS/DynamoDB": "amazondynamodb/latest/developerguide/metrics-dimensions.html",
    # Of serverless caches: those with nodes have other dimensions.
    "AWS/ElastiCache": "AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html",
}

OF_API = [("ApiId",), ("ApiId", "Stage")]
OF_FUNCTION = [("FunctionName",)]
# Of one version, as callers of an alias come to it: "Types of metrics", by alias and version.
OF_VERSION = ("FunctionName", "Resource", "ExecutedVersion")
OF_TABLE = [("TableName",)]
OF_TABLE_OR_INDEX = [("TableName",), ("TableName", "GlobalSecondaryIndexName")]
OF_CACHE = [("clusterId",)]

METRICS = {
    "AWS/ApiGateway": {
        "4xx": OF_API,
        "5xx": OF_API,
        "Count": OF_API,
        "IntegrationLatency": OF_API,
        "Latency": OF_API,
    },
    "AWS/Lambda": {
        "ConcurrentExecutions": [*OF_FUNCTION, ()],
        "Duration": OF_FUNCTION,
        "Errors": [*OF_FUNCTION, OF_VERSION],
        "Invocations": OF_FUNCTION,
        "IteratorAge": OF_FUNCTION,
        "Throttles": OF_FUNCTION,
    },
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible": [("QueueName",)]},
    "AWS/DynamoDB": {
        "ConsumedReadCapacityUnits": OF_TABLE_OR_INDEX,
        "ConsumedWriteCapacityUnits": OF_TABLE_OR_INDEX,
        "ReadThrottleEvents": OF_TABLE_OR_INDEX,
        "SuccessfulRequestLatency": [("TableName", "Operation")],
        "TransactionConflict": OF_TABLE,
        "WriteThrottleEvents": OF_TABLE_OR_INDEX,
    },
    "AWS/ElastiCache": {
        "AuthenticationFailures": OF_CACHE,
        "BytesUsedForCache": OF_CACHE,
        "CommandAuthorizationFailures": OF_CACHE,
        "CurrConnections": OF_CACHE,
        "CurrItems": OF_CACHE,
        "ElastiCacheProcessingUnits": OF_CACHE,
        "IamAuthenticationThrottling": OF_CACHE,
        "ThrottledCmds": OF_CACHE,
    },
}
