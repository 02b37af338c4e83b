"""The words of mails about somebody's own account: links, and what was changed.

A mail about a change names its kind and nothing else: no name, no address, no device.
"""

from __future__ import annotations

from auth.notices import Kind

Words = tuple[str, str]
RESET: dict[str, Words] = {
    "en": (
        "A new password",
        "Somebody, we hope you, asked for a new password for your account in the"
        " archive. This link sets one. It works once, for one hour:\n{link}\n\n"
        "Your second factor stays as it is. If it was not you, do nothing: nothing"
        " was changed.\n",
    ),
    "hy": (
        "Նոր գաղտնաբառ",
        "Ինչ-որ մեկը, հուսով ենք՝ դուք, նոր գաղտնաբառ է խնդրել արխիվի ձեր հաշվի"
        " համար։ Այս հղումով այն կսահմանվի։ Հղումը գործում է մեկ անգամ, մեկ ժամ."
        "\n{link}\n\n"
        "Ձեր երկրորդ գործոնը մնում է նույնը։ Եթե դա դուք չէիք, ոչինչ մի՛ արեք․"
        " ոչինչ չի փոխվել։\n",
    ),
    "az": (
        "Yeni parol",
        "Kimsə, ümid edirik ki, siz, arxivdəki hesabınız üçün yeni parol istəyib. Bu"
        " keçid onu təyin edir. Keçid bir dəfə, bir saat ərzində işləyir:\n{link}\n\n"
        "İkinci amiliniz olduğu kimi qalır. Bu siz deyildinizsə, heç nə etməyin: heç"
        " nə dəyişməyib.\n",
    ),
    "ru": (
        "Новый пароль",
        "Кто-то — надеемся, вы — запросил новый пароль для вашей учётной записи в"
        " архиве. Эта ссылка задаёт его. Она действует один раз, в течение часа:"
        "\n{link}\n\n"
        "Второй фактор остаётся прежним. Если это были не вы, ничего не делайте:"
        " ничего не изменилось.\n",
    ),
}
ADDRESS: dict[str, Words] = {
    "en": (
        "Confirm this address",
        "Somebody, we hope you, wants to use this address for an account in the"
        " archive. Follow this link to confirm it. It works once, for 24 hours:"
        "\n{link}\n\nIf it was not you, do nothing.\n",
    ),
    "hy": (
        "Հաստատեք այս հասցեն",
        "Ինչ-որ մեկը, հուսով ենք՝ դուք, ցանկանում է այս հասցեն օգտագործել արխիվի"
        " հաշվի համար։ Հաստատելու համար անցեք այս հղումով։ Այն գործում է մեկ անգամ,"
        " 24 ժամ.\n{link}\n\nԵթե դա դուք չէիք, ոչինչ մի՛ արեք։\n",
    ),
    "az": (
        "Bu ünvanı təsdiqləyin",
        "Kimsə, ümid edirik ki, siz, bu ünvanı arxivdəki hesab üçün istifadə etmək"
        " istəyir. Təsdiqləmək üçün bu keçidi açın. O, bir dəfə, 24 saat ərzində"
        " işləyir:\n{link}\n\nBu siz deyildinizsə, heç nə etməyin.\n",
    ),
    "ru": (
        "Подтвердите этот адрес",
        "Кто-то — надеемся, вы — хочет использовать этот адрес для учётной записи в"
        " архиве. Чтобы подтвердить его, перейдите по ссылке. Она действует один раз,"
        " в течение 24 часов:\n{link}\n\nЕсли это были не вы, ничего не делайте.\n",
    ),
}
CHANGED: dict[str, Words] = {
    "en": (
        "Your account was changed",
        "{what}\n\nIf it was you, there is nothing to do. If it was not, sign in, end"
        " all sessions and change your password, or tell an administrator:\n{link}\n",
    ),
    "hy": (
        "Ձեր հաշիվը փոփոխվել է",
        "{what}\n\nԵթե դա դուք էիք, անելու ոչինչ չկա։ Եթե ոչ՝ մուտք գործեք, ավարտեք"
        " բոլոր աշխատաշրջանները և փոխեք գաղտնաբառը կամ տեղեկացրեք ադմինիստրատորին."
        "\n{link}\n",
    ),
    "az": (
        "Hesabınız dəyişdirildi",
        "{what}\n\nBu siz idinizsə, heç nə etmək lazım deyil. Əks halda daxil olun,"
        " bütün sessiyaları bitirin və parolu dəyişin, yaxud inzibatçıya bildirin:"
        "\n{link}\n",
    ),
    "ru": (
        "Ваша учётная запись изменена",
        "{what}\n\nЕсли это были вы, делать ничего не нужно. Если нет — войдите,"
        " завершите все сеансы и смените пароль или сообщите администратору:"
        "\n{link}\n",
    ),
}
_FACTOR = {
    "en": "A second factor was added, removed or renewed.",
    "hy": "Երկրորդ գործոնն ավելացվել, հեռացվել կամ նորացվել է։",
    "az": "İkinci amil əlavə edildi, silindi və ya yeniləndi.",
    "ru": "Второй фактор добавлен, удалён или обновлён.",
}
_ADDRESS = {
    "en": "The e-mail address was changed, or somebody asked for that.",
    "hy": "Էլ. փոստի հասցեն փոխվել է, կամ ինչ-որ մեկը դա խնդրել է։",
    "az": "E-poçt ünvanı dəyişdirildi, yaxud kimsə bunu istədi.",
    "ru": "Адрес электронной почты изменён, или кто-то попросил об этом.",
}
_INSTITUTION = {
    "en": "Signing in through an institution was set up or removed.",
    "hy": "Հաստատության միջոցով մուտքը կարգավորվել կամ հեռացվել է։",
    "az": "Qurum vasitəsilə giriş quruldu və ya silindi.",
    "ru": "Вход через учреждение настроен или удалён.",
}
WHAT: dict[Kind, dict[str, str]] = {
    Kind.PASSWORD_CHANGED: {
        "en": "The password was changed.",
        "hy": "Գաղտնաբառը փոխվել է։",
        "az": "Parol dəyişdirildi.",
        "ru": "Пароль изменён.",
    },
    Kind.SECOND_FACTOR_ADDED: _FACTOR,
    Kind.SECOND_FACTOR_REMOVED: _FACTOR,
    Kind.RECOVERY_CODES_RENEWED: _FACTOR,
    Kind.PASSKEY_ADDED: _FACTOR,
    Kind.PASSKEY_REMOVED: _FACTOR,
    Kind.RECOVERY_CODE_USED: {
        "en": "A recovery code was used to sign in.",
        "hy": "Մուտքի համար օգտագործվել է վերականգնման կոդ։",
        "az": "Giriş üçün bərpa kodundan istifadə edildi.",
        "ru": "Для входа использован код восстановления.",
    },
    Kind.PASSKEY_COUNTER: {
        "en": "A passkey was refused, because it may have been copied.",
        "hy": "Անցաբանալին մերժվել է, քանի որ այն կարող է պատճենված լինել։",
        "az": "Keçid açarı rədd edildi, çünki kopyalanmış ola bilər.",
        "ru": "Паскей отклонён: возможно, он скопирован.",
    },
    Kind.NEW_DEVICE: {
        "en": "Somebody signed in from a browser not seen before.",
        "hy": "Ինչ-որ մեկը մուտք է գործել նախկինում չտեսնված դիտարկիչից։",
        "az": "Kimsə əvvəllər görünməyən brauzerdən daxil oldu.",
        "ru": "Кто-то вошёл из браузера, которого раньше не было.",
    },
    Kind.EMAIL_CHANGE_ASKED: _ADDRESS,
    Kind.EMAIL_CHANGED: _ADDRESS,
    Kind.INSTITUTION_LINKED: _INSTITUTION,
    Kind.INSTITUTION_UNLINKED: _INSTITUTION,
}
"""The notices that are mailed, too."""


def reset(lang: str, link: str) -> Words:
    """Subject and text of "this link sets a new password"."""
    return _filled(RESET, lang, link=link)


def address(lang: str, link: str) -> Words:
    """Subject and text of "follow this link to confirm the address"."""
    return _filled(ADDRESS, lang, link=link)


def changed(kind: Kind, lang: str, link: str) -> Words:
    """Subject and text of "something about your account was changed"."""
    what = WHAT[kind]
    return _filled(CHANGED, lang, link=link, what=what.get(lang, what["en"]))


def _filled(words: dict[str, Words], lang: str, **told: str) -> Words:
    subject, text = words.get(lang, words["en"])
    return subject, text.format(**told)
