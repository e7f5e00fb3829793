//! A table's past, put back into it.

use crate::tree::Tree;

/// Two tables: in the one an item is older, and one more is in each.
const TABLES: &str = "
import boto3
dynamodb = boto3.resource('dynamodb')
keys = {'pk': 'HASH', 'sk': 'RANGE'}
for table, items in {'restored': {'a': 1, 'b': 1}, 'live': {'a': 2, 'c': 2}}.items():
    dynamodb.create_table(
        TableName=table, BillingMode='PAY_PER_REQUEST',
        AttributeDefinitions=[{'AttributeName': it, 'AttributeType': 'S'} for it in keys],
        KeySchema=[{'AttributeName': it, 'KeyType': kind} for it, kind in keys.items()])
    for pk, stock in items.items():
        dynamodb.Table(table).put_item(Item={'pk': pk, 'sk': 'META', 'stock': stock})
";
const LIVE: &str = "
import boto3
items = boto3.resource('dynamodb').Table('live').scan()['Items']
print(*sorted(f\"{it['pk']}={it['stock']}\" for it in items))
";

#[test]
fn a_table_holds_again_what_was_restored_and_nothing_else() {
    let tree = Tree::new();
    tree.python(TABLES);
    tree.run("put-back", &["restored", "live"], &[]).assert(0, "would be put back: 2, taken away: 1");
    assert_eq!(tree.python(LIVE).trim(), "a=2 c=2");
    tree.run("put-back", &["restored", "live", "--write"], &[]).assert(0, "put back: 2, taken away: 1");
    assert_eq!(tree.python(LIVE).trim(), "a=1 b=1");
}
