"""The tables of the S3 index, and the step from an older state folder's tables to today's."""

from __future__ import annotations

from localaws.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket(name TEXT PRIMARY KEY, created REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket_setting(
    bucket TEXT, name TEXT, body TEXT NOT NULL, PRIMARY KEY(bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object(
    bucket TEXT, key TEXT, blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified REAL NOT NULL, details TEXT NOT NULL, version TEXT NOT NULL DEFAULT 'null',
    number INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS past(
    bucket TEXT, key TEXT, blob TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified REAL NOT NULL, details TEXT NOT NULL, version TEXT NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY(bucket, key, number)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS past_version ON past(bucket, key, version);
CREATE TABLE IF NOT EXISTS upload(
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, started REAL NOT NULL,
    details TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part(
    upload TEXT, number INTEGER, blob TEXT NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,
    modified REAL NOT NULL, checksums TEXT NOT NULL, PRIMARY KEY(upload, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS completed(
    upload TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL,
    etags TEXT NOT NULL, version TEXT NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS completed_age ON completed(at);
CREATE TABLE IF NOT EXISTS garbage(blob TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS garbage_age ON garbage(since);
"""
"""``object`` has what a key means now; ``past`` what it meant before, and delete markers (their blob is '').

A version's ``number`` is the negative time of its writing: in the order of a table the newest comes first.
"""


def modernise(database: Database) -> None:
    """Give the object table of a state folder from before versions its columns of today."""
    columns = {row[1] for row in database.query("PRAGMA table_info(object)")}
    if "version" not in columns:
        database.change("ALTER TABLE object ADD COLUMN version TEXT NOT NULL DEFAULT 'null'")
        database.change("ALTER TABLE object ADD COLUMN number INTEGER NOT NULL DEFAULT 0")
