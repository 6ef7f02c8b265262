"""What finding needs: beats of segments, summaries of which video holds which move, fingerprints of videos"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import BIT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What a statement changed in segments or videos is summarised anew, video by video.
SUMMARISE = """
CREATE FUNCTION summarise_videos(changed text[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM video_moves WHERE video = ANY (changed);
    INSERT INTO video_moves (video, move, owner, created_at, uses, total_ms, first_start_ms)
    SELECT videos.id, segments.move, videos.owner, videos.created_at, count(*),
           sum(segments.end_ms - segments.start_ms), min(segments.start_ms)
    FROM segments JOIN videos ON videos.id = segments.video
    WHERE videos.id = ANY (changed) AND videos.deleted_at IS NULL AND segments.move IS NOT NULL
    GROUP BY videos.id, segments.move;
$$
"""
OF_SEGMENTS = """
CREATE FUNCTION summarise_segments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM summarise_videos(array_agg(DISTINCT video)) FROM changed;
    RETURN NULL;
END $$
"""
OF_VIDEOS = """
CREATE FUNCTION summarise_changed_videos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM summarise_videos(array_agg(newer.id)) FROM newer JOIN older ON older.id = newer.id
    WHERE (newer.owner, newer.created_at, newer.deleted_at IS NULL)
        IS DISTINCT FROM (older.owner, older.created_at, older.deleted_at IS NULL)
    HAVING count(*) > 0;
    RETURN NULL;
END $$
"""
COUNT_DAYS = """
CREATE FUNCTION count_move_days() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO move_days (move, day, uses, clips, total_ms)
    SELECT move, (created_at AT TIME ZONE 'UTC')::date, sign * sum(uses), sign * count(*), sign * sum(total_ms)
    FROM changed GROUP BY 1, 2;
    RETURN NULL;
END $$
"""
FOLD = """
CREATE FUNCTION fold_move_days() RETURNS void LANGUAGE sql AS $$
    WITH several AS (SELECT move, day FROM move_days GROUP BY move, day HAVING count(*) > 1),
    gone AS (
        DELETE FROM move_days USING several WHERE move_days.move = several.move AND move_days.day = several.day
        RETURNING move_days.*
    )
    INSERT INTO move_days (move, day, uses, clips, total_ms)
    SELECT move, day, sum(uses), sum(clips), sum(total_ms) FROM gone GROUP BY move, day HAVING sum(clips) <> 0;
$$
"""
TRIGGERS = (
    "CREATE TRIGGER summarise_new AFTER INSERT ON segments REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION summarise_segments()",
    "CREATE TRIGGER summarise_old AFTER DELETE ON segments REFERENCING OLD TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION summarise_segments()",
    "CREATE TRIGGER summarise_changed AFTER UPDATE ON segments REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION summarise_segments()",
    "CREATE TRIGGER summarise AFTER UPDATE ON videos REFERENCING NEW TABLE AS newer OLD TABLE AS older"
    " FOR EACH STATEMENT EXECUTE FUNCTION summarise_changed_videos()",
    "CREATE TRIGGER count_new AFTER INSERT ON video_moves REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_move_days()",
    "CREATE TRIGGER count_old AFTER DELETE ON video_moves REFERENCING OLD TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_move_days()",
)
FUNCTIONS = (SUMMARISE, OF_SEGMENTS, OF_VIDEOS, COUNT_DAYS, FOLD)
NAMES = (
    "fold_move_days()", "count_move_days()", "summarise_changed_videos()", "summarise_segments()",
    "summarise_videos(text[])",
)  # fmt: skip


def upgrade() -> None:
    op.add_column(
        "segments",
        sa.Column(
            "start_beat",
            sa.Double(),
            nullable=True,
            comment="of the clip's own music, its first beat 0; null: it has no beats to trust",
        ),
    )
    op.add_column("segments", sa.Column("end_beat", sa.Double(), nullable=True))
    op.create_check_constraint(
        op.f("ck_segments_both_beats_known"), "segments", "(start_beat IS NULL) = (end_beat IS NULL)"
    )
    op.drop_index("ix_segments_move_video", table_name="segments")
    op.create_index(
        "ix_segments_move_video",
        "segments",
        ["move", "video"],
        postgresql_include=["start_ms", "end_ms", "mirror", "start_beat", "end_beat"],
    )
    op.create_table(
        "fingerprints",
        sa.Column("video", sa.Text(), nullable=False),
        sa.Column("crop", sa.SmallInteger(), nullable=False, comment="percent that is left out at every side"),
        sa.Column("bits", BIT(1024), nullable=False),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_fingerprints_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video", "crop", name=op.f("pk_fingerprints")),
    )
    _summaries()


def downgrade() -> None:
    op.drop_table("fingerprints")
    for trigger in ("summarise_new", "summarise_old", "summarise_changed"):
        op.execute(f"DROP TRIGGER {trigger} ON segments")
    op.execute("DROP TRIGGER summarise ON videos")
    op.drop_table("video_moves")
    op.drop_table("move_days")
    for name in NAMES:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_index("ix_segments_move_video", table_name="segments")
    op.create_index("ix_segments_move_video", "segments", ["move", "video"], postgresql_include=["start_ms", "end_ms"])
    op.drop_constraint(op.f("ck_segments_both_beats_known"), "segments")
    op.drop_column("segments", "end_beat")
    op.drop_column("segments", "start_beat")


def _summaries() -> None:
    op.create_table(
        "video_moves",
        sa.Column("video", sa.Text(), nullable=False, comment="not deleted"),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True, comment="of the video, as is created_at"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("total_ms", sa.Integer(), nullable=False),
        sa.Column("first_start_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["move"], ["moves.id"], name=op.f("fk_video_moves_move"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["video"], ["videos.id"], name=op.f("fk_video_moves_video"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("video", "move", name=op.f("pk_video_moves")),
    )
    op.create_table(
        "move_days",
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="on which the clips came in, UTC"),
        sa.Column("uses", sa.Integer(), nullable=False, comment="more, or less when negative: rows of one day add up"),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("total_ms", sa.BigInteger(), nullable=False),
    )
    for statement in (*FUNCTIONS, *TRIGGERS):
        op.execute(statement)
    op.execute("SELECT summarise_videos(array_agg(id)) FROM videos")
    newest = [sa.text("created_at DESC"), sa.text("video DESC")]
    op.create_index("ix_video_moves_move_uses", "video_moves", ["move", sa.text("uses DESC"), *newest])
    op.create_index(
        "ix_video_moves_move_created", "video_moves", ["move", *newest], postgresql_include=["uses", "total_ms"]
    )
    op.create_index("ix_video_moves_owner_move", "video_moves", ["owner", "move"])
    op.create_index("ix_move_days_move_day", "move_days", ["move", "day"])
