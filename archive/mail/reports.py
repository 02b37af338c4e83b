"""The words of mails about reports and withdrawals, in four languages.

None names a record, says what was reported or what was decided. The first mail to a
reporter brings the address at which the report can be followed; the archive keeps no
copy of it, so that later ones only say that there is news.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

Words = tuple[str, str]


class Letter(StrEnum):
    """What a mail tells of."""

    RECEIVED = "received"
    DECIDED = "decided"
    DECIDED_OWN = "decided_own"
    TAKEN_DOWN = "taken_down"


_LINK = ":\n{link}\n"
TEXTS: Mapping[Letter, Mapping[str, Words]] = {
    Letter.RECEIVED: {
        "en": (
            "Your report has arrived",
            "The archive has received a report with this address to write to. Here you"
            " can follow it; keep the address to yourself" + _LINK + "\n"
            "If you reported nothing, do nothing: the address is forgotten some time"
            " after the report is decided.\n",
        ),
        "hy": (
            "Ձեր հաղորդումը ստացվել է",
            "Արխիվը ստացել է հաղորդում, որում գրելու համար նշված է այս հասցեն։ Այստեղ"
            " կարող եք հետևել դրան. հղումը ուրիշներին մի՛ տվեք" + _LINK + "\n"
            "Եթե ոչինչ չեք հաղորդել, ոչինչ մի՛ արեք. հասցեն մոռացվում է որոշումից"
            " որոշ ժամանակ անց։\n",
        ),
        "az": (
            "Bildirişiniz alındı",
            "Arxiv yazışma üçün bu ünvanın göstərildiyi bildiriş alıb. Onu burada"
            " izləyə bilərsiniz; keçidi başqalarına verməyin" + _LINK + "\n"
            "Heç nə bildirməmisinizsə, heç nə etməyin: ünvan qərardan bir müddət"
            " sonra unudulur.\n",
        ),
        "ru": (
            "Ваше сообщение получено",
            "Архив получил сообщение, в котором для ответа указан этот адрес. Здесь"
            " можно следить за ним; никому не передавайте ссылку" + _LINK + "\n"
            "Если вы ничего не сообщали, ничего не делайте: адрес будет забыт через"
            " некоторое время после решения.\n",
        ),
    },
    Letter.DECIDED: {
        "en": (
            "Your report was decided",
            "What you reported to the archive was decided. Read it with the reference"
            " you were given" + _LINK,
        ),
        "hy": (
            "Ձեր հաղորդման վերաբերյալ որոշում կա",
            "Ձեր հաղորդման վերաբերյալ որոշում է կայացվել։ Կարդացեք այն ձեզ տրված"
            " համարով" + _LINK,
        ),
        "az": (
            "Bildirişiniz barədə qərar verildi",
            "Arxivə bildirdiyiniz barədə qərar verilib. Onu sizə verilmiş nömrə ilə"
            " oxuyun" + _LINK,
        ),
        "ru": (
            "По вашему сообщению принято решение",
            "По вашему сообщению архиву принято решение. Прочтите его с помощью"
            " выданного вам номера" + _LINK,
        ),
    },
    Letter.DECIDED_OWN: {
        "en": (
            "Your report was decided",
            "What you reported to the archive was decided. Sign in to read it" + _LINK,
        ),
        "hy": (
            "Ձեր հաղորդման վերաբերյալ որոշում կա",
            "Ձեր հաղորդման վերաբերյալ որոշում է կայացվել։ Մուտք գործեք՝ կարդալու"
            " համար" + _LINK,
        ),
        "az": (
            "Bildirişiniz barədə qərar verildi",
            "Arxivə bildirdiyiniz barədə qərar verilib. Oxumaq üçün daxil olun" + _LINK,
        ),
        "ru": (
            "По вашему сообщению принято решение",
            "По вашему сообщению архиву принято решение. Войдите, чтобы прочитать"
            + _LINK,
        ),
    },
    Letter.TAKEN_DOWN: {
        "en": (
            "A record of yours",
            "Something was decided about a record that you deposited: it was withdrawn,"
            " or is there again. Sign in to read why, and what you can do" + _LINK,
        ),
        "hy": (
            "Ձեր հանձնած գրառումը",
            "Ձեր հանձնած գրառումներից մեկի մասին որոշում է կայացվել. այն հետ է վերցվել"
            " կամ վերականգնվել։ Մուտք գործեք՝ կարդալու, թե ինչու և ինչ կարող եք անել"
            + _LINK,
        ),
        "az": (
            "Təhvil verdiyiniz qeyd",
            "Təhvil verdiyiniz qeydlərdən biri barədə qərar verilib: o, geri götürülüb"
            " və ya bərpa olunub. Səbəbini və nə edə biləcəyinizi oxumaq üçün daxil"
            " olun" + _LINK,
        ),
        "ru": (
            "Переданная вами запись",
            "О переданной вами записи принято решение: она изъята или восстановлена."
            " Войдите, чтобы прочитать почему и что вы можете сделать" + _LINK,
        ),
    },
}


def words(letter: Letter, lang: str | None, link: str) -> Words:
    """Subject and text of a mail of this kind."""
    subject, text = TEXTS[letter].get(lang or "en", TEXTS[letter]["en"])
    return subject, text.format(link=link)
