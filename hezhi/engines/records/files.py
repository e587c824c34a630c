"""Files that belong to rows (附件): kept sealed outside the web root, given out only after a check.

`keep_files` is called inside a verb, so a file belongs to its row or was never there: what lies in the
store without a row (the transaction was rolled back, the machine died) is swept by `jobs.sweep_files`.
Each file has a key of its own; destroying the key destroys the content (`erase_files`). Who may open
the files of a row is known by the chapter that owns the row, which says so with `guard`; without a
guard nobody may.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.urls import reverse
from django.utils.crypto import salted_hmac

from hezhi.engines.org.actor import Actor
from hezhi.engines.records import store, vault
from hezhi.engines.records.acting import Deed, acting, current_deed, verb
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.crypto import NONCE_BYTES, TAG_BYTES, decrypt, encrypt, random_key, same, sm3
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ids import new_id
from hezhi.ground.uploads import (
    DOCUMENTS,
    FILMED,
    PICTURES,
    PLAYED,
    SHEETS,
    SOUNDS,
    Checked,
    Quarantine,
    inspect_upload,
)

Guard = Callable[[Actor, UUID, Attachment], bool]

TAKEN = PICTURES | DOCUMENTS | SHEETS
TOLD = TAKEN | FILMED | SOUNDS
"""What somebody who reports may bring: beside pictures and papers a recording of his voice and a short video."""
MOST_AT_ONCE = 20
PIECE = 2**20
"""Bytes of a video or a recording that are sealed together, so that a player which asks for a part gets it without the whole."""
_SEALED_PIECE = PIECE + NONCE_BYTES + TAG_BYTES

_guards: dict[str, Guard] = {}


# -- who may open ----------------------------------------------------------------------------------


def guard(object_type: str, function: Guard) -> None:
    """Let a chapter decide who opens the files of its rows: `guard("handling.case", may_open)`.

    The function gets the reader, the row's id and the file; it is asked at each opening.
    """
    _guards[object_type] = function


def may_open(actor: Actor, attachment: Attachment) -> bool:
    """Whether this reader may open the file now; False where no chapter answers for the row."""
    function = _guards.get(attachment.object_type)
    return function is not None and attachment.removed_at is None and function(actor, attachment.object_id, attachment)


def attachment_for(actor: Actor, attachment_id: UUID) -> Attachment:
    """A file that this reader may open; otherwise «not found», whatever the reason."""
    found = Attachment.objects.filter(pk=attachment_id).first()
    if found is None or not may_open(actor, found):
        raise _not_found()
    return found


# -- keeping ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LookedThrough:
    """An upload that passed the door (已检查的上传): what to keep of it."""

    checked: Checked
    content: bytes
    thumbnail: bytes


def look_through(
    uploads: Iterable[UploadedFile], *, field: str = "files", kinds: Collection[str] = TAKEN
) -> list[LookedThrough]:
    """Inspect uploads before a transaction begins (上传检查), so that no row is locked meanwhile.

    `keep_files` does it by itself for what was not looked through. Raises UploadRefused at the form's
    `field`, and BadInput for too many at once.
    """
    files = list(uploads)
    if len(files) > MOST_AT_ONCE:
        raise BadInput({field: f"一次最多上传 {MOST_AT_ONCE} 个文件，现在选了 {len(files)} 个，请分几次上传。"})
    return [_look_through(file, field, kinds) for file in files]


def _look_through(file: UploadedFile, field: str, kinds: Collection[str]) -> LookedThrough:
    opened: BinaryIO = file  # type: ignore[assignment]
    checked = inspect_upload(opened, kinds, name=file.name or "", field=field)
    if checked.picture is not None:
        return LookedThrough(checked, checked.picture.content, checked.picture.thumbnail)
    if checked.content is not None:
        return LookedThrough(checked, checked.content, b"")
    return LookedThrough(checked, file.read(), b"")


def keep_files(
    by: Actor,
    row: models.Model,
    uploads: Sequence[UploadedFile] | Sequence[LookedThrough],
    *,
    stage: str = "",
    visibility: str = Attachment.Visibility.READERS,
    field: str = "files",
    kinds: Collection[str] = TAKEN,
) -> list[Attachment]:
    """Keep uploads with a row (保存附件), inside the caller's verb; gives them in their order.

    Within a verb they are named in its audit row; outside they are a verb of their own. The same
    content with the same row, stage and visibility is kept once, so a second attempt doubles nothing.
    Raises UploadRefused (nothing of the batch is kept then).
    """
    if not uploads:
        return []
    looked = [each for each in uploads if isinstance(each, LookedThrough)]
    if not looked:
        looked = look_through([each for each in uploads if isinstance(each, UploadedFile)], field=field, kinds=kinds)
    under_way = current_deed()
    if under_way is not None:
        return _keep(under_way, row, looked, stage, visibility)
    with acting(by, verb="records.keep_files") as deed:
        deed.on(row)
        return _keep(deed, row, looked, stage, visibility)


def _keep(
    deed: Deed, row: models.Model, looked: Sequence[LookedThrough], stage: str, visibility: str
) -> list[Attachment]:
    digests = [sm3(each.content).hex() for each in looked]
    known = _kept_already(row, digests, stage, visibility)
    fresh = {digest: each for digest, each in zip(digests, looked, strict=True) if digest not in known}
    made = [_attachment(deed.by, row, each, digest, stage, visibility) for digest, each in fresh.items()]
    if made:
        # Somebody may bring the same at the same moment: then the first one's row counts.
        Attachment.objects.bulk_create(made, ignore_conflicts=True)
        known = _kept_already(row, digests, stage, visibility)
    _name_in_the_audit(deed, [known[digest] for digest in fresh])
    return [known[digest] for digest in digests]


def _kept_already(row: models.Model, digests: Collection[str], stage: str, visibility: str) -> dict[str, Attachment]:
    rows = Attachment.objects.filter(
        object_id=row.pk, digest__in=digests, stage=stage, visibility=visibility, removed_at__isnull=True
    )
    return {each.digest: each for each in rows}


def _attachment(
    by: Actor, row: models.Model, looked: LookedThrough, digest: str, stage: str, visibility: str
) -> Attachment:
    """Seal the content under a fresh key, put it into the store, and write its row (not yet saved)."""
    id_, key = new_id(), random_key()
    return Attachment(
        id=id_,
        object_type=row._meta.label_lower,
        object_id=row.pk,
        name=looked.checked.name,
        kind=looked.checked.kind,
        content_type=looked.checked.content_type,
        size=looked.checked.size,
        digest=digest,
        sealed_key=vault.seal_bytes(_key_of(id_), key),
        file=store.put(_sealed(id_, key, looked)),
        thumbnail=store.put(encrypt(key, looked.thumbnail, _small(id_))) if looked.thumbnail else "",
        state=Attachment.State.WAITING if scanner() else Attachment.State.CLEAN,
        visibility=visibility,
        stage=stage,
        uploaded_by=by.name,
        uploaded_by_id=by.user_id,
        uploaded_at=time.now(),
    )


def _sealed(id_: UUID, key: bytes, looked: LookedThrough) -> bytes:
    """The content sealed as a whole; what is played in pieces, each bound to its place and to how many there are."""
    content = looked.content
    if looked.checked.kind not in PLAYED:
        return encrypt(key, content, _whole(id_))
    many = _pieces(len(content))
    return b"".join(
        encrypt(key, content[n * PIECE : (n + 1) * PIECE], _piece(id_, n, many)) for n in range(many)
    )  # fmt: skip


def _name_in_the_audit(deed: Deed, made: Iterable[Attachment]) -> None:
    told = [{"id": str(each.pk), "sm3": each.digest, "size": each.size} for each in made]
    if told:
        deed.detail["files"] = [*deed.detail.get("files", []), *told]


def scanner() -> Sequence[str]:
    """The command of the virus scanner, by the setting UPLOAD_SCANNER; empty when there is none (8.1.4.5)."""
    return tuple(getattr(settings, "UPLOAD_SCANNER", ()))


# -- opening ---------------------------------------------------------------------------------------


def open_file(attachment: Attachment) -> tuple[bytes, str]:
    """The content and its type (打开附件), proved unchanged. The caller has asked `may_open`.

    Raises NotFound when it was removed or erased, NotNow while the virus scanner has not let it pass,
    SealBroken when it was changed.
    """
    _may_be_opened(attachment)
    return content_of(attachment), attachment.content_type


def open_part(attachment: Attachment, first: int, last: int) -> Iterator[bytes]:
    """The bytes of a video or recording from one place to another, both counted in (分段播放), piece by piece as they are asked for.

    The caller has asked `may_open`, and that the places lie inside. Raises as `open_file`, before the first byte.
    """
    _may_be_opened(attachment)
    if attachment.kind not in PLAYED:
        raise ValueError("only videos and recordings are kept in pieces")
    return _part(attachment, first, last)


def _part(attachment: Attachment, first: int, last: int) -> Iterator[bytes]:
    key, many = _own_key(attachment), _pieces(attachment.size)
    for n in range(first // PIECE, last // PIECE + 1):
        with _letters_of_the_store():
            box = store.get(attachment.file, n * _SEALED_PIECE, _SEALED_PIECE)
            clear = decrypt(key, box, _piece(attachment.pk, n, many))
        yield clear[max(first - n * PIECE, 0) : last - n * PIECE + 1]


def open_thumbnail(attachment: Attachment) -> tuple[bytes, str]:
    """The small view of a picture (缩略图): JPEG, at most 320 pixels a side. Raises as `open_file`."""
    if not attachment.thumbnail:
        raise _not_found()
    return _opened(attachment, attachment.thumbnail, _small(attachment.pk)), "image/jpeg"


def _opened(attachment: Attachment, place: str, bound_to: bytes) -> bytes:
    _may_be_opened(attachment)
    return unsealed(attachment, place, bound_to)


def _may_be_opened(attachment: Attachment) -> None:
    """Refuse what was removed, erased, or not let pass by the virus scanner."""
    if attachment.removed_at is not None or not attachment.sealed_key:
        raise _not_found()
    if attachment.state != Attachment.State.CLEAN:
        waiting = attachment.state == Attachment.State.WAITING
        raise NotNow(
            (Quarantine.WAITING if waiting else Quarantine.INFECTED).sentence,
            "为了您和同事电脑的安全，文件暂不打开",
            "请稍后刷新" if waiting else "请让提交人另传一份",
            code="records.file_closed",
        )


def unsealed(attachment: Attachment, place: str, bound_to: bytes) -> bytes:
    """The clear bytes of one stored part, whatever the state; for this room's own jobs."""
    with _letters_of_the_store():
        return decrypt(_own_key(attachment), store.get(place), bound_to)


def _own_key(attachment: Attachment) -> bytes:
    return vault.unseal_bytes(_key_of(attachment.pk), bytes(attachment.sealed_key))


@contextmanager
def _letters_of_the_store() -> Iterator[None]:
    """What the store and the cipher say, as a letter to a person."""
    try:
        yield
    except store.Lost as lost:
        raise vault.SealBroken(
            "这个附件的内容在存储中找不到了",
            "附件的记录还在，系统没有做任何改动",
            "请把编号告诉系统管理员，由其从备份恢复",
            code="records.file_lost",
        ) from lost
    except store.Tampered as changed:
        raise vault.SealBroken from changed


def content_of(attachment: Attachment) -> bytes:
    """The whole content for this room's own jobs (virus scan, integrity), also while it is closed to people."""
    if attachment.kind in PLAYED:
        return b"".join(_part(attachment, 0, attachment.size - 1))
    return unsealed(attachment, attachment.file, _whole(attachment.pk))


# -- links for those without an account ------------------------------------------------------------


def signed_link(attachment: Attachment, seconds: int = 300, *, thumbnail: bool = False) -> str:
    """An address that opens this file for some minutes without an account (限时链接).

    Only for a page that has itself checked number and code, and only for files that the reporter may
    see; anything else is a fault of the program (ValueError).
    """
    name = "shared-thumbnail" if thumbnail else "shared-file"
    return reverse(name, args=[attachment.pk, token_for(attachment, seconds)])


def token_for(attachment: Attachment, seconds: int = 300) -> str:
    """The signed part of such an address: when it ends, and a keyed print of file and end."""
    if attachment.visibility != Attachment.Visibility.REPORTER:
        raise ValueError("only files with visibility «reporter» are given out by link")
    ends = int(time.now().timestamp()) + seconds
    return f"{ends}.{_signed(attachment.pk, ends)}"


def attachment_by_token(attachment_id: UUID, token: str) -> Attachment:
    """The file that a link opens; «not found» when the link is over, changed, or the file closed since."""
    ends, _, told = token.partition(".")
    fits = ends.isascii() and ends.isdigit() and len(ends) <= 12 and same(told, _signed(attachment_id, int(ends)))
    found = Attachment.objects.filter(
        pk=attachment_id, visibility=Attachment.Visibility.REPORTER, removed_at__isnull=True
    ).first()
    if not fits or int(ends) < time.now().timestamp() or found is None:
        raise _not_found()
    return found


def _signed(attachment_id: UUID, ends: int) -> str:
    return salted_hmac("hezhi.files", f"{attachment_id}.{ends}", algorithm="sha256").hexdigest()


# -- removing and erasing --------------------------------------------------------------------------


@verb("records.remove_file")
def remove_file(attachment: Attachment, *, by: Actor, reason: str) -> Attachment:
    """Take a file away from its row (移除附件); nobody can open it any more.

    The caller has checked the right. The sealed content stays until the row's own retention ends,
    so that a removal in error or in bad faith can be put right (`restore_file`).
    """
    if not reason.strip():
        raise BadInput({"reason": "请写明移除的原因。"})
    changed = Attachment.objects.filter(pk=attachment.pk, removed_at__isnull=True).update(removed_at=time.now())
    if not changed:
        raise NotNow("这个附件已经移除。", code="records.file_gone")
    attachment.refresh_from_db()
    return attachment


@verb("records.restore_file")
def restore_file(attachment: Attachment, *, by: Actor, reason: str) -> Attachment:
    """Put a removed file back (恢复附件). Raises NotNow when its content is erased."""
    rows = Attachment.objects.filter(pk=attachment.pk, removed_at__isnull=False).exclude(sealed_key=b"")
    if not rows.update(removed_at=None):
        raise NotNow("这个附件不能恢复，内容已经销毁，或并未移除。", code="records.file_gone")
    attachment.refresh_from_db()
    return attachment


def erase_files(object_id: UUID) -> list[str]:
    """Destroy the keys of all files of a row, removed ones too (销毁); gives the places to empty.

    For `records.erasure`, inside its verb. The content is unreadable when the transaction commits;
    `store.drop` frees the room afterwards.
    """
    rows = Attachment.objects.filter(object_id=object_id).exclude(sealed_key=b"")
    places = [place for pair in rows.values_list("file", "thumbnail") for place in pair if place]
    rows.update(
        sealed_key=b"", name="已销毁", digest="", file="", thumbnail="", uploaded_by="", uploaded_by_id=None,
        removed_at=time.now(),
    )  # fmt: skip
    return places


def rewrap(batch: int = 500) -> int:
    """After a rotation of the `file` key: seal every file's own key anew (轮换文件密钥); gives how many.

    The contents stay as they are. One batch is one statement; a second run finds nothing to do.
    """
    newest, done, last = vault.ring().current("file").version, 0, None
    while True:
        rows = Attachment.objects.exclude(sealed_key=b"").order_by("pk")
        page = list((rows if last is None else rows.filter(pk__gt=last)).only("pk", "sealed_key")[:batch])
        if not page:
            return done
        last = page[-1].pk
        old = [each for each in page if _version_of(each) != newest]
        for each in old:
            clear = vault.unseal_bytes(_key_of(each.pk), bytes(each.sealed_key))
            each.sealed_key = vault.seal_bytes(_key_of(each.pk), clear)
        done += Attachment.objects.bulk_update(old, ["sealed_key"]) if old else 0


def _version_of(attachment: Attachment) -> int:
    """The version of the ring's key: two bytes behind the mark of four (see `vault.seal_bytes`)."""
    return int.from_bytes(bytes(attachment.sealed_key)[4:6])


def _whole(id_: UUID) -> bytes:
    return f"file:{id_}".encode()


def _piece(id_: UUID, n: int, many: int) -> bytes:
    return f"file:{id_}:{n}/{many}".encode()


def _pieces(size: int) -> int:
    return -(-size // PIECE)


def _small(id_: UUID) -> bytes:
    return f"thumbnail:{id_}".encode()


def _key_of(id_: UUID) -> str:
    return f"file key:{id_}"


def _not_found() -> NotFound:
    return NotFound(
        "没有找到这个附件。", "它可能已被移除，或不在您的查看范围内。", "请回到事项页面核对。", code="records.no_file"
    )
