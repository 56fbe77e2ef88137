"""The Glue script of test_glue_spark.py: says as JSON what it saw. Not a test; it runs inside a job."""

import json
import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, DropFields, Filter, Join, Map, Relationalize, ResolveChoice
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F  # noqa: N812  # the world's habit

args = getResolvedOptions(sys.argv, ["JOB_NAME", "bucket", "database"])
bucket, database = f"s3://{args['bucket']}", args["database"]
glue = GlueContext(SparkContext.getOrCreate())
spark, logger = glue.spark_session, glue.get_logger()
job = Job(glue)
job.init(args["JOB_NAME"], args)
said = {"name": args["JOB_NAME"], "id": args["JOB_RUN_ID"]}
logger.info("the job has begun")


def refusal(call):
    """The text of what a call raises."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


# what is new since the last committed run: from a path, and from a table
rows = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [f"{bucket}/in/"]}, "csv", {"withHeader": True}, transformation_ctx="rows"
)
table = glue.create_dynamic_frame.from_catalog(database, "orders", transformation_ctx="orders")
said["new"] = [rows.count(), table.count()]


def dynamic_frames():
    """Transforms."""
    mapped = ApplyMapping.apply(
        frame=rows,
        mappings=[
            ("id", "string", "key", "long"),
            ("x", "string", "x", "double"),
            ("nowhere", "string", "n", "int"),
        ],
    )
    said["mapped"] = sorted(json.loads(line)["key"] for line in mapped.toDF().toJSON().collect())
    said["types"] = dict(mapped.toDF().dtypes)
    said["filtered"] = Filter.apply(frame=mapped, f=lambda record: record["x"] > 3).count()
    doubled = Map.apply(frame=mapped, f=lambda record: {**record, "twice": record["x"] * 2})
    said["mapped by function"] = sorted(row.twice for row in doubled.toDF().collect())
    other = DynamicFrame.fromDF(
        spark.createDataFrame([(1, "one"), (2, "two")], "key bigint, word string"), glue, "o"
    )
    joined = Join.apply(mapped, other, ["key"], ["key"])
    said["joined"] = [sorted(joined.toDF().columns), joined.count()]
    said["cast"] = (
        ResolveChoice.apply(frame=rows, specs=[("x", "cast:double")]).toDF().schema["x"].dataType.typeName()
    )
    said["dropped"] = DropFields.apply(frame=mapped, paths=["x"]).toDF().columns
    nested = glue.create_dynamic_frame.from_options("s3", {"paths": [f"{bucket}/nested/"]}, "json")
    frames = Relationalize.apply(frame=nested, staging_path=f"{bucket}/tmp/", name="root")
    said["relationalized"] = {name: frames.select(name).toDF().columns for name in sorted(frames.keys())}
    split = rows.split_rows({"id": {"=": "1"}}, "ones", "others")
    said["split"] = [split.select("ones").count(), split.select("others").count()]
    picked = glue.create_dynamic_frame.from_catalog(database, "orders", push_down_predicate="month == 2")
    said["pushed down"] = sorted((row.amount, row.month) for row in picked.toDF().collect())
    return mapped


def writing(mapped):
    """Dynamic frames to S3 and to the catalogue."""
    sink = glue.getSink(
        connection_type="s3", path=f"{bucket}/sink/", enableUpdateCatalog=True, partitionKeys=["parity"]
    )
    sink.setFormat("glueparquet")
    sink.setCatalogInfo(catalogDatabase=database, catalogTableName="sunk")
    sink.writeFrame(DynamicFrame.fromDF(mapped.toDF().withColumn("parity", F.col("key") % 2), glue, "s"))
    glue.write_dynamic_frame.from_options(
        frame=mapped, connection_type="s3", connection_options={"path": f"{bucket}/csv"}, format="csv"
    )
    more = DynamicFrame.fromDF(
        spark.createDataFrame([(10, 0.5, 2)], "key bigint, x double, parity bigint"), glue, "m"
    )
    glue.write_dynamic_frame.from_catalog(
        more, database, "sunk", additional_options={"enableUpdateCatalog": True, "partitionKeys": ["parity"]}
    )
    read = glue.create_dynamic_frame.from_catalog(database, "sunk", push_down_predicate="parity != 1").toDF()
    said["sunk"] = [sorted(row.key for row in read.collect()), dict(read.dtypes)]
    some = {"paths": [f"{bucket}/in/"], "exclusions": '["**/dt=2/**"]'}
    said["excluded"] = glue.create_dynamic_frame_from_options("s3", some, "csv", {"withHeader": True}).count()
    text = spark.createDataFrame([("c", "7", "3")], "order string, amount string, month string")
    cast = DynamicFrame.fromDF(text, glue, "t").resolveChoice(
        choice="match_catalog", database=database, table_name="orders"
    )
    said["matched"] = dict(cast.toDF().dtypes)
    glue.purge_s3_path(f"{bucket}/csv/", {"retentionPeriod": 1})
    said["jdbc"] = refusal(lambda: glue.write_dynamic_frame.from_jdbc_conf(mapped, "c", {}))
    said["unbox"] = refusal(lambda: mapped.unbox("x", "json"))


def plain_spark():
    """spark.read and spark.write of s3 paths, with every mode; spark.sql over the catalogue."""
    frame = spark.read.option("header", True).option("inferSchema", True).csv(f"{bucket}/in/")
    out = f"s3a://{args['bucket']}/out/"
    frame.write.partitionBy("id").parquet(out)
    said["exists"] = refusal(lambda: frame.write.parquet(out))
    frame.write.mode("ignore").parquet(out)
    frame.write.mode("append").partitionBy("id").parquet(out)
    said["appended"] = spark.read.parquet(out).count()
    frame.write.mode("overwrite").partitionBy("id").format("parquet").save(out)
    said["overwritten"] = spark.read.parquet(out).count()
    said["itself"] = refusal(lambda: spark.read.parquet(out).write.mode("overwrite").parquet(out))
    said["wildcard"] = spark.read.text(f"{bucket}/in/dt=*/a.csv").count()
    said["nothing"] = refusal(lambda: spark.read.parquet(f"{bucket}/nowhere/"))
    said["lines"] = spark.sparkContext.textFile(f"{bucket}/in/dt=1/a.csv").count()
    query = f"select o.month, sum(o.amount) as total from {database}.orders o group by o.month order by 1"
    said["sql"] = [tuple(row) for row in spark.sql(query).collect()]
    spark.sql(f"use {database}")
    said["table"] = spark.table("orders").where(F.col("month") == 1).count()
    said["insert"] = refusal(lambda: spark.sql(f"insert into {database}.orders values (1)"))


if said["new"][0] > 2:
    frame = dynamic_frames()
    writing(frame)
    plain_spark()
print(json.dumps(said))
job.commit()
