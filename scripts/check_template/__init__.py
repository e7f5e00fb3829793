"""What scripts/check-template checks, a file a subject.

`source` reads template.yaml as it is written; all others look at what CloudFormation gets of it
(`transform`), as each of the stages of `stages` has it (`conditions`). A check is a generator of
sentences about what is wrong.
"""
