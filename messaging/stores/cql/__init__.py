"""The message store in ScyllaDB or Apache Cassandra: plain CQL that both run alike.

No lightweight transactions, materialized views, counters, collections or secondary indexes. What is kept where is
in `stores/schema/*.cql`; how writes stay repeatable is in docs/decisions/0007-messages-in-cql.md.
"""
