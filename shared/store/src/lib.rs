//! DynamoDB access, its keys, cache keys and invalidation side by side.
