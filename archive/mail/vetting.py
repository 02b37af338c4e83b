"""The words of mails about vetting, in four languages.

A referee's mail names the applicant, since nobody could answer otherwise; the others
name nobody. None says what the archive holds.
"""

from __future__ import annotations

CONFIRM = {
    "en": (
        "Confirm your address",
        "Somebody applied for access to an archive with this address. If it was you,"
        " open this link and confirm it; nobody reads the application"
        " before:\n{link}\n\n"
        "The link works once, for 72 hours. If it was not you, do nothing.\n",
    ),
    "hy": (
        "Հաստատեք ձեր հասցեն",
        "Ինչ-որ մեկն այս հասցեով դիմել է արխիվի հասանելիության համար։ Եթե դա դուք եք,"
        " բացեք այս հղումը և հաստատեք. մինչ այդ դիմումը ոչ ոք չի կարդում.\n{link}\n\n"
        "Հղումը գործում է մեկ անգամ՝ 72 ժամ։ Եթե դա դուք չեք, ոչինչ մի արեք։\n",
    ),
    "az": (
        "Ünvanınızı təsdiqləyin",
        "Kimsə bu ünvanla arxivə giriş üçün müraciət edib. Bu sizsinizsə, bu keçidi"
        " açıb"
        " təsdiqləyin; bundan əvvəl müraciəti heç kim oxumur:\n{link}\n\n"
        "Keçid bir dəfə, 72 saat ərzində işləyir. Bu siz deyilsinizsə, heç nə"
        " etməyin.\n",
    ),
    "ru": (
        "Подтвердите свой адрес",
        "С этого адреса подана заявка на доступ к архиву. Если это были вы, откройте"
        " ссылку и подтвердите адрес; до этого заявку никто не читает:\n{link}\n\n"
        "Ссылка действует один раз, 72 часа. Если это были не вы, ничего не делайте.\n",
    ),
}
KNOWN = {
    "en": (
        "Your address was used to apply",
        "Somebody applied for access to an archive with this address, which has an"
        " account. Nothing was changed. If it was you, sign in:\n{link}\n",
    ),
    "hy": (
        "Ձեր հասցեով դիմել են",
        "Ինչ-որ մեկն արխիվի հասանելիության համար դիմել է այս հասցեով, որն արդեն հաշիվ"
        " ունի։ Ոչինչ չի փոխվել։ Եթե դա դուք եք, մուտք գործեք.\n{link}\n",
    ),
    "az": (
        "Ünvanınızla müraciət edilib",
        "Kimsə artıq hesabı olan bu ünvanla arxivə giriş üçün müraciət edib. Heç nə"
        " dəyişdirilməyib. Bu sizsinizsə, daxil olun:\n{link}\n",
    ),
    "ru": (
        "С вашего адреса подана заявка",
        "Заявка на доступ к архиву подана с этого адреса, а у него уже есть учётная"
        " запись. Ничего не изменено. Если это были вы, войдите:\n{link}\n",
    ),
}
REFER = {
    "en": (
        "{name} named you as a referee",
        "{name} ({institution}) applied for access to an archive of testimony and named"
        " you as somebody who knows their work. Four short questions wait here; no"
        " account is needed:\n{link}\n\n"
        "The link works once, for 14 days. Only the archive's administrators read your"
        " answer. If you do not know this person, please say so there.\n",
    ),
    "hy": (
        "{name}՝ ձեզ նշել է որպես երաշխավոր",
        "{name} ({institution}) դիմել է վկայությունների արխիվի հասանելիության համար և"
        " ձեզ նշել է որպես իր աշխատանքին ծանոթ անձ։ Այստեղ չորս կարճ հարց կա. հաշիվ"
        " պետք"
        " չէ.\n{link}\n\n"
        "Հղումը գործում է մեկ անգամ՝ 14 օր։ Ձեր պատասխանը կարդում են միայն արխիվի"
        " կառավարիչները։ Եթե այս մարդուն չեք ճանաչում, խնդրում ենք այնտեղ ասել։\n",
    ),
    "az": (
        "{name} sizi zamin kimi göstərib",
        "{name} ({institution}) şahidlik arxivinə giriş üçün müraciət edib və sizi öz"
        " işini"
        " tanıyan şəxs kimi göstərib. Burada dörd qısa sual var; hesab lazım"
        " deyil:\n{link}\n\n"
        "Keçid bir dəfə, 14 gün ərzində işləyir. Cavabınızı yalnız arxivin"
        " inzibatçıları"
        " oxuyur. Bu şəxsi tanımırsınızsa, xahiş edirik, orada bildirin.\n",
    ),
    "ru": (
        "{name}: вас назвали поручителем",
        "{name} ({institution}) подаёт заявку на доступ к архиву свидетельств и"
        " называет"
        " вас человеком, знающим эту работу. Здесь четыре коротких вопроса, учётная"
        " запись"
        " не нужна:\n{link}\n\n"
        "Ссылка действует один раз, 14 дней. Ваш ответ читают только администраторы"
        " архива. Если вы не знаете этого человека, пожалуйста, так и напишите.\n",
    ),
}
NEWS = {
    "en": (
        "News of your application",
        "There is news of your application. Sign in to read it:\n{link}\n",
    ),
    "hy": (
        "Նորություն ձեր դիմումի մասին",
        "Ձեր դիմումի մասին նորություն կա։ Մուտք գործեք՝ կարդալու համար.\n{link}\n",
    ),
    "az": (
        "Müraciətiniz barədə xəbər",
        "Müraciətiniz barədə xəbər var. Oxumaq üçün daxil olun:\n{link}\n",
    ),
    "ru": (
        "Новости о вашей заявке",
        "Есть новости о вашей заявке. Войдите, чтобы прочитать их:\n{link}\n",
    ),
}
ENDS = {
    "en": (
        "Your access ends soon",
        "A part of your access to the archive ends on {day}, in {days} days or less."
        " Sign in to see which, and to renew it:\n{link}\n",
    ),
    "hy": (
        "Ձեր հասանելիությունը շուտով ավարտվում է",
        "Արխիվի ձեր հասանելիության մի մասն ավարտվում է {day}-ին՝ ամենաշատը {days} օրից։"
        " Մուտք գործեք՝ տեսնելու, թե որը, և երկարաձգելու համար.\n{link}\n",
    ),
    "az": (
        "Girişiniz tezliklə bitir",
        "Arxivə girişinizin bir hissəsi {day} tarixində, ən çoxu {days} gün sonra"
        " bitir."
        " Hansının bitdiyini görmək və yeniləmək üçün daxil olun:\n{link}\n",
    ),
    "ru": (
        "Ваш доступ скоро закончится",
        "Часть вашего доступа к архиву заканчивается {day}, не позже чем через {days}"
        " дн."
        " Войдите, чтобы увидеть, какая именно, и продлить её:\n{link}\n",
    ),
}
ENDS_OF = {
    "en": (
        "Somebody's access ends soon",
        "A part of one person's access ends on {day}, in {days} days or less. Their"
        " account, for administrators:\n{link}\n",
    ),
    "hy": (
        "Մեկի հասանելիությունը շուտով ավարտվում է",
        "Մի անձի հասանելիության մի մասն ավարտվում է {day}-ին՝ ամենաշատը {days} օրից։"
        " Այդ"
        " հաշիվը՝ կառավարիչների համար.\n{link}\n",
    ),
    "az": (
        "Bir nəfərin girişi tezliklə bitir",
        "Bir nəfərin girişinin bir hissəsi {day} tarixində, ən çoxu {days} gün sonra"
        " bitir."
        " İnzibatçılar üçün hesab:\n{link}\n",
    ),
    "ru": (
        "Чей-то доступ скоро закончится",
        "Часть доступа одного человека заканчивается {day}, не позже чем через {days}"
        " дн."
        " Учётная запись, для администраторов:\n{link}\n",
    ),
}
LAPSED = {
    "en": (
        "A part of your access has ended",
        "A part of your access to the archive has ended, and what stood on it ended"
        " with"
        " it. Sign in to see what, and what to do:\n{link}\n",
    ),
    "hy": (
        "Ձեր հասանելիության մի մասն ավարտվել է",
        "Արխիվի ձեր հասանելիության մի մասն ավարտվել է, և դրա հետ՝ այն, ինչ դրանից էր"
        " կախված։ Մուտք գործեք՝ տեսնելու, թե ինչ, և ինչ անել.\n{link}\n",
    ),
    "az": (
        "Girişinizin bir hissəsi bitdi",
        "Arxivə girişinizin bir hissəsi və ona bağlı olanlar bitdi. Nəyin bitdiyini və"
        " nə"
        " etməli olduğunuzu görmək üçün daxil olun:\n{link}\n",
    ),
    "ru": (
        "Часть вашего доступа закончилась",
        "Часть вашего доступа к архиву закончилась, а с ней и то, что на ней держалось."
        " Войдите, чтобы увидеть, что именно и что делать:\n{link}\n",
    ),
}


def words(
    letter: dict[str, tuple[str, str]], lang: str | None, **told: object
) -> tuple[str, str]:
    """Subject and text of a letter, in English where the language is not known.

    What is filled in loses its line breaks: a subject is one line of a header.
    """
    subject, text = letter.get(lang or "en", letter["en"])
    plain = {name: " ".join(str(value).split()) for name, value in told.items()}
    return subject.format(**plain), text.format(**plain)
