"""The words of mails about requests, grants and emergencies, in four languages.

None names a person, a record or a collection: a mail says that there is something, and
where to sign in.
"""

from __future__ import annotations

from auth.notices import Kind

Words = tuple[str, str]
TEXTS: dict[Kind, dict[str, Words]] = {
    Kind.REQUEST_ARRIVED: {
        "en": (
            "A request for access",
            "Somebody asks for restricted originals. Sign in to read it:\n{link}\n",
        ),
        "hy": (
            "Հասանելիության հարցում",
            "Ինչ-որ մեկը խնդրում է սահմանափակված բնօրինակներ։ Մուտք գործեք՝ կարդալու"
            " համար.\n{link}\n",
        ),
        "az": (
            "Giriş sorğusu",
            "Kimsə məhdud orijinalları istəyir. Oxumaq üçün daxil olun:\n{link}\n",
        ),
        "ru": (
            "Запрос доступа",
            "Запрошены ограниченные оригиналы. Войдите, чтобы прочитать:\n{link}\n",
        ),
    },
    Kind.REQUEST_WAITS: {
        "en": (
            "A request waits",
            "A request for access has been waiting for days. Sign in to decide:\n"
            "{link}\n",
        ),
        "hy": (
            "Հարցումը սպասում է",
            "Հասանելիության հարցումն օրեր շարունակ սպասում է։ Մուտք գործեք՝ որոշելու"
            " համար.\n{link}\n",
        ),
        "az": (
            "Sorğu gözləyir",
            "Giriş sorğusu günlərdir gözləyir. Qərar vermək üçün daxil olun:\n{link}\n",
        ),
        "ru": (
            "Запрос ждёт",
            "Запрос доступа ждёт уже несколько дней. Войдите, чтобы решить:\n{link}\n",
        ),
    },
    Kind.REQUEST_CHANGED: {
        "en": (
            "Your request for access",
            "There is news about your request for access. Sign in to read it:\n"
            "{link}\n",
        ),
        "hy": (
            "Ձեր հասանելիության հարցումը",
            "Ձեր հասանելիության հարցման մասին նորություն կա։ Մուտք գործեք՝ կարդալու"
            " համար.\n{link}\n",
        ),
        "az": (
            "Giriş sorğunuz",
            "Giriş sorğunuz barədə yenilik var. Oxumaq üçün daxil olun:\n{link}\n",
        ),
        "ru": (
            "Ваш запрос доступа",
            "Есть новости о вашем запросе доступа. Войдите, чтобы прочитать:\n{link}\n",
        ),
    },
    Kind.GRANT_ENDS: {
        "en": (
            "A grant ends soon",
            "A grant of yours ends on {day}. Sign in to ask for it to be renewed:\n"
            "{link}\n",
        ),
        "hy": (
            "Թույլտվությունը շուտով ավարտվում է",
            "Ձեր թույլտվությունն ավարտվում է {day}։ Մուտք գործեք՝ երկարաձգում խնդրելու"
            " համար.\n{link}\n",
        ),
        "az": (
            "İcazə tezliklə bitir",
            "İcazəniz {day} tarixində bitir. Uzadılmasını istəmək üçün daxil olun:\n"
            "{link}\n",
        ),
        "ru": (
            "Разрешение скоро закончится",
            "Ваше разрешение заканчивается {day}. Войдите, чтобы попросить о"
            " продлении:\n{link}\n",
        ),
    },
    Kind.GRANT_OF_OTHERS_ENDS: {
        "en": (
            "A grant you gave ends soon",
            "A grant that you stand behind ends on {day}:\n{link}\n",
        ),
        "hy": (
            "Ձեր տված թույլտվությունը շուտով ավարտվում է",
            "Ձեր հաստատած թույլտվությունն ավարտվում է {day}.\n{link}\n",
        ),
        "az": (
            "Verdiyiniz icazə tezliklə bitir",
            "Arxasında durduğunuz icazə {day} tarixində bitir:\n{link}\n",
        ),
        "ru": (
            "Выданное вами разрешение скоро закончится",
            "Разрешение, за которым вы стоите, заканчивается {day}:\n{link}\n",
        ),
    },
    Kind.EMERGENCY: {
        "en": (
            "An emergency in the archive",
            "Administrators let one of them near a record without a request, or ask"
            " for that. Sign in and look at it:\n{link}\n",
        ),
        "hy": (
            "Արտակարգ դեպք արխիվում",
            "Ադմինիստրատորները նրանցից մեկին առանց հարցման թույլ են տալիս մոտենալ"
            " գրառմանը կամ խնդրում են դա։ Մուտք գործեք և նայեք.\n{link}\n",
        ),
        "az": (
            "Arxivdə fövqəladə hal",
            "Administratorlar onlardan birini sorğusuz bir qeydə buraxır və ya bunu"
            " istəyirlər. Daxil olub baxın:\n{link}\n",
        ),
        "ru": (
            "Экстренный случай в архиве",
            "Администраторы допускают одного из них к записи без запроса или просят"
            " об этом. Войдите и посмотрите:\n{link}\n",
        ),
    },
    Kind.SECOND_PERSON: {
        "en": (
            "Something waits for a second person",
            "An administrator asks for what takes two, or somebody asks for a large"
            " export. Sign in, read it, and confirm or refuse it:\n{link}\n",
        ),
        "hy": (
            "Երկրորդ անձի են սպասում",
            "Ադմինիստրատորը խնդրում է այն, ինչի համար երկու հոգի է պետք, կամ ինչ-որ"
            " մեկը խնդրում է մեծ արտահանում։ Մուտք գործեք, կարդացեք և հաստատեք կամ"
            " մերժեք.\n{link}\n",
        ),
        "az": (
            "İkinci şəxs gözlənilir",
            "Administrator iki nəfər tələb edən bir şeyi, ya da kimsə böyük ixracı"
            " istəyir. Daxil olun, oxuyun, təsdiqləyin və ya rədd edin:\n{link}\n",
        ),
        "ru": (
            "Нужен второй человек",
            "Администратор просит о том, что решают двое, или кто-то просит о большой"
            " выгрузке. Войдите, прочитайте и подтвердите или откажите:\n{link}\n",
        ),
    },
    Kind.ADMINISTRATOR_MADE: {
        "en": (
            "Somebody was made an administrator",
            "There is another administrator. Sign in and see who, and how:\n{link}\n",
        ),
        "hy": (
            "Ինչ-որ մեկը դարձել է ադմինիստրատոր",
            "Մեկ այլ ադմինիստրատոր կա։ Մուտք գործեք և տեսեք՝ ով և ինչպես.\n{link}\n",
        ),
        "az": (
            "Kimsə administrator oldu",
            "Daha bir administrator var. Daxil olub baxın: kim və necə:\n{link}\n",
        ),
        "ru": (
            "Кто-то стал администратором",
            "Появился ещё один администратор. Войдите и посмотрите, кто и как:"
            "\n{link}\n",
        ),
    },
}


def words(kind: Kind, lang: str | None, **told: str) -> Words:
    """Subject and text of a mail of this kind."""
    subject, text = TEXTS[kind].get(lang or "en", TEXTS[kind]["en"])
    return subject, text.format(**told)
