"""The commands of the composer: `danceapp choreograph` learns from dances, `danceapp compose` writes them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from jobs.console import JSON, plain_errors


def choreograph(
    corpus: Annotated[
        Path | None, typer.Option(help="Learn a file of dances, JSON lines, instead of the index.", metavar="FILE")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call them; without it the file's name.")] = None,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Learn nothing; say how well dances held out are foretold.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Learn what follows what: of all analysed clips, or of a file of dances; only what is new is counted.

    A file has a line for each dance: {"id": "a", "steps": [{"move": "floss", "beats": 4, "mirror": false}, null]},
    moves by any names, null for a gap. --evaluate tries models on dances they never saw: a fifth of the file, without
    one those of synthetic generators.

    [bold]Examples[/bold]

      danceapp choreograph

      danceapp choreograph --corpus dances.jsonl --name school

      danceapp choreograph --evaluate
    """
    from cluster.settings import settings
    from jobs import choreograph as job

    with plain_errors():
        if evaluate:
            job.print_judged(job.evaluate(corpus, settings()), as_json)
            return
        job.print_learned(*job.learn(corpus, name, settings()), as_json)


def compose(
    text: Annotated[str, typer.Argument(help="Moves by name, with how often, how many beats, and (mirror).")] = "",
    bpm: Annotated[float, typer.Option(help="The tempo.")] = 110.0,
    bars: Annotated[int | None, typer.Option(help="Plan as many bars; what is named comes first.")] = None,
    style: Annotated[str | None, typer.Option(help="Like its moves: a style of configs/composer.yaml.")] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only moves of this family; again for more.")] = None,
    max_difficulty: Annotated[int | None, typer.Option(help="Only moves up to this grade, 1 to 5.")] = None,
    energy: Annotated[str | None, typer.Option(help="A curve by name, or grades: 2,5,3.")] = None,
    must: Annotated[list[str] | None, typer.Option(help="A move that must come; again for more.")] = None,
    never: Annotated[list[str] | None, typer.Option(help="A move that must not come; again for more.")] = None,
    first: Annotated[str | None, typer.Option(help="The first move.")] = None,
    last: Annotated[str | None, typer.Option(help="The last move.")] = None,
    novelty: Annotated[float, typer.Option(help="From what people do, 0, to what they seldom do, 1.")] = 0.0,
    diversity: Annotated[float, typer.Option(help="What repetitions cost, 0 to 1.")] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="0: the best plan that is found; others: others.")] = 0,
    edit: Annotated[Path | None, typer.Option(help="Change this composition.json.", metavar="FILE")] = None,
    swap: Annotated[int | None, typer.Option(help="With --edit: another step in place of this one.")] = None,
    keep: Annotated[int | None, typer.Option(help="With --edit: keep so many steps, plan the rest anew.")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Only say what could come next, and why.")] = False,
    corpus: Annotated[str | None, typer.Option(help="What was learned of these dances; else of the index.")] = None,
    title: Annotated[str, typer.Option(help="What the dance is called.")] = "My dance",
    out: Annotated[Path | None, typer.Option(help="Write it into this folder.")] = None,
    formats: Annotated[str, typer.Option(help="Which files, with commas; all but body.mp4 by default.")] = "",
    speed: Annotated[float, typer.Option(help="Of the video: 0.5 is half as quick.")] = 1.0,
    loops: Annotated[int, typer.Option(help="How often the video shows the dance.")] = 1,
    mirrored: Annotated[bool, typer.Option("--mirrored", help="Film it as in a mirror, to dance along.")] = False,
    track: Annotated[Path | None, typer.Option(help="Film it to this music instead of clicks.")] = None,
    grid: Annotated[Path | None, typer.Option(help="With --track: its beats, by danceapp music --out.")] = None,
    credits: Annotated[str, typer.Option(help="Whom the sheet thanks.")] = "",
    as_json: JSON = False,
) -> None:
    """Write a dance by naming moves, by wishes, or both; watch it, change it, take it away.

    Names may be aliases and have typing errors; what is not clear is asked. --out writes all that README.md lists.

    [bold]Examples[/bold]

      danceapp compose "two-step x4, dab (mirror), floss 4" --bpm 112

      danceapp compose --bars 16 --style latin --energy arc --must floss --out dance

      danceapp compose --edit dance/dance.json --swap 3 --out dance
    """
    from cluster.settings import settings
    from jobs import compose as job

    with plain_errors():
        composer, before = job.Composer(corpus, settings()), job.read_composition(edit)
        wish = job.Wish(
            bars or (before.bars if before else 8), before.bpm if before else bpm, style, tuple(family or ()),
            max_difficulty, job.energy_of(energy), tuple(must or ()), tuple(never or ()), (), first, last, novelty,
            diversity, seed,
        )  # fmt: skip
        if suggest:
            return job.print_suggestions(composer.suggest(text, before, wish), as_json)
        made = composer.change(before, swap, keep, wish) if before else composer.write(title, text, wish, bars)
        job.print_written(made, composer, as_json)
        if out is not None:
            how, music = job.Showing(speed, loops, mirrored, credits), job.Music(track, grid)
            print(*job.export(made.composition, formats, out, composer, how, music), sep="\n", file=sys.stderr)


def compare(
    model: Annotated[Path, typer.Argument(help="What is to be danced: a composition (JSON), or a video.")],
    take: Annotated[Path, typer.Argument(help="How it was danced: a video, or a composition.")],
    bpm: Annotated[float | None, typer.Option(min=30, max=300, help="The tempo of a model without music.")] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="The take was danced as in a mirror.")] = False,
    png: Annotated[Path | None, typer.Option(help="Draw where it differs here.")] = None,
    as_json: JSON = False,
) -> None:
    """Compare a take with a composition, or with another take: which counts come late, which limbs are elsewhere.

    What the take shows before and after the dance is left out, and it may be filmed from another side.

    [bold]Examples[/bold]

      danceapp compare dance/dance.json my-take.mp4 --png differs.png

      danceapp compare teacher.mp4 me.mp4 --bpm 112 --mirror
    """
    from cluster.settings import settings
    from jobs import compare as job

    with plain_errors():
        found, first, second = job.compare_files(model, take, settings(), bpm=bpm, mirror=mirror)
        job.print_comparison(found, as_json)
        if png is not None:
            job.draw_comparison(found, first, second, png)
            print(f"drawn to {png}", file=sys.stderr)


def music(
    path: Annotated[Path, typer.Argument(help="Music, or a video with music.", metavar="FILE")],
    taps: Annotated[str | None, typer.Option(help="Seconds at which somebody tapped along, with commas.")] = None,
    bpm: Annotated[float | None, typer.Option(help="The tempo, if you know it.")] = None,
    first_s: Annotated[float | None, typer.Option(help="With --bpm: when a beat is, seconds.")] = None,
    first: Annotated[int | None, typer.Option(min=0, help="The beat, from 0, that begins an eight-count.")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the beats in this file, for danceapp compose --grid.")] = None,
    as_json: JSON = False,
) -> None:
    """Find the beats of a piece of music, or lay them by taps or by its tempo; only the beats are kept, not the sound.

    [bold]Examples[/bold]

      danceapp music song.mp3

      danceapp music song.mp3 --taps 0.51,1.02,1.50,2.01,2.52 --out song.json
    """
    from cluster.settings import settings
    from dancecore.composer.music import to_json
    from jobs import music as job

    with plain_errors():
        found = job.find_beats(path, settings(), bpm=bpm, first_s=first_s, taps=taps, first=first)
        job.print_music(found, as_json)
        if out is not None:
            out.write_text(to_json(found), encoding="utf-8")
