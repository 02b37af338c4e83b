"""The words of mails about searches: a subject, and a text with a count and a link.

Nothing else is filled in: no name, no title, no word of a search.
"""

from __future__ import annotations

MATCHES = {
    "en": (
        "New matches of a saved search",
        "New records that match one of your saved searches: {count}.\n\n"
        "Sign in to read them:\n{link}\n\n"
        "You asked for this mail. The same page changes how often it comes, or ends"
        " it.\n",
    ),
    "hy": (
        "Պահված որոնման նոր համընկնումներ",
        "Ձեր պահված որոնումներից մեկին համընկնող նոր գրառումներ՝ {count}։\n\n"
        "Մուտք գործեք՝ դրանք կարդալու համար.\n{link}\n\n"
        "Այս նամակը դուք եք խնդրել։ Նույն էջում կարող եք փոխել դրա հաճախությունը կամ"
        " դադարեցնել այն։\n",
    ),
    "az": (
        "Saxlanmış axtarışın yeni uyğunluqları",
        "Saxladığınız axtarışlardan birinə uyğun yeni qeydlər: {count}.\n\n"
        "Oxumaq üçün daxil olun:\n{link}\n\n"
        "Bu məktubu siz istəmisiniz. Həmin səhifədə onun tezliyini dəyişə və ya onu"
        " dayandıra bilərsiniz.\n",
    ),
    "ru": (
        "Новые совпадения сохранённого поиска",
        "Новых записей, подходящих под один из ваших сохранённых поисков: {count}.\n\n"
        "Войдите, чтобы прочитать их:\n{link}\n\n"
        "Вы просили об этом письме. На той же странице можно изменить, как часто оно"
        " приходит, или отказаться от него.\n",
    ),
}


def matches(lang: str, count: int, link: str) -> tuple[str, str]:
    """Subject and text of "a saved search has new matches"."""
    subject, text = MATCHES.get(lang, MATCHES["en"])
    return subject, text.format(count=count, link=link)
