"""The words of web pages around an article: what menus, forms, notices and tails say, in the languages read most."""

import re

# A line that begins with one of these opens the tail of a page: what follows is no longer the article.
TAIL = re.compile(
    r"^\W{0,4}(?:leave a (?:reply|comment)|leave your comment|post a comment|(?:\d{1,5} )?comments?\b(?! (?:on|by|"
    r"from|of|made|about))\W{0,9}\d{0,5}\W{0,3}$|"
    r"you may also like|you might also like|related (?:articles?|posts?|stories|news|topics)|read (?:also|more|"
    r"next)\W{0,3}$|more (?:from|stories|news|on this)\b.{0,40}$|"
    r"most (?:read|popular|viewed)|recommended (?:for you|stories|articles)|share this|popular (?:posts|articles)|"
    r"laissez? un commentaire|laisser un commentaire|ajouter un commentaire|"
    r"(?:\d{1,5} )?commentaires?\W{0,4}\d{0,5}\W{0,3}$|réagir à cet article|"
    r"vous aimerez aussi|vous pourriez aimer|articles? (?:similaires?|connexes?|liés?|associés?)|"
    r"(?:à )?lire aussi\W{0,3}$|sur le même sujet|dans la même rubrique|les plus lus|"
    r"deja un(?:a respuesta| comentario)|comentarios\W{0,9}\d{0,5}\W{0,3}$|noticias relacionadas|"
    r"artículos relacionados|te puede interesar|lo más leído|"
    r"schreibe einen kommentar|kommentare?\W{0,9}\d{0,5}\W{0,3}$|ähnliche (?:artikel|beiträge)|das könnte (?:sie|"
    r"dich|ihnen|dir) auch|mehr zum thema|meistgelesen|"
    r"lascia un commento|articoli correlati|deixe um comentário|"
    r"تعليقات (?:الزوار|القراء)|التعليقات\W{0,9}\d{0,5}\W{0,3}$|اترك (?:تعليق|رد)|أضف تعليق|أترك تعليق|"
    r"مقالات (?:ذات صلة|مشابهة|أخرى)|مواضيع ذات صلة|أخبار ذات صلة|"
    r"اقرأ أيضا|إقرأ أيضا|قد (?:يعجبك|يهمك)|الأكثر قراءة|شارك(?:ها)? (?:هذا|على)|هذا المقال بعنوان)",
    re.IGNORECASE,
)

# A short line with one of these belongs to the page, not to the article, wherever it stands.
CHROME = re.compile(
    r"\bcookies?\b|ملفات تعريف الارتباط|your email address will not be|votre adresse e-?mail ne sera|"
    r"required fields are|champs obligatoires|"
    r"\ball rights reserved|tous droits réservés|todos los derechos reservados|alle rechte vorbehalten|"
    r"جميع الحقوق محفوظة|©|"
    r"privacy policy|politique de confidentialité|terms (?:of|and) (?:use|service|conditions)|"
    r"conditions (?:générales|d'utilisation)|mentions légales|"
    r"سياسة الخصوصية|newsletter|النشرة البريدية|merci d'avoir signalé|thanks? for reporting|"
    r"sera automatiquement bloquée?|"
    r"click here to|cliquez ici pour|haga clic aquí|اضغط هنا|javascript|your browser|votre navigateur|"
    r"please (?:log ?in|sign in|enable)|"
    r"s'abonner|abonnez-vous|subscribe (?:to|now)|sign up (?:to|for)|inscrivez-vous|suscríbete|اشترك (?:في|الآن)|"
    r"e-paper|partager (?:sur|cet)|share (?:on|via)|(?:follow|suivez)[- ](?:us|nous)|تابعونا|facebook|whatsapp|"
    r"linkedin|pinterest|"
    r"advertis|publicité|إعلان",
    re.IGNORECASE,
)
MAX_CHROME_CHARS = 260

# A whole line that is nothing but a control or caption of the page.
CONTROL = re.compile(
    r"^\W{0,4}(?:menu|search|close|loading|home|accueil|recherche|fermer|chargement|no image|image|photos?|print|"
    r"imprimer|email|e-mail|top|footer|header|login|"
    r"log in|sign in|share|partager|tweet|back|next|previous|précédent|suivant|retour|subscribe|advertisement|"
    r"skip to (?:main )?content|"
    r"قائمة|بحث|إغلاق|الرئيسية|تحميل|طباعة|مشاركة|inicio|buscar|cerrar|startseite|suche|drucken|teilen)\W{0,4}$",
    re.IGNORECASE,
)

# A line that begins so names who wrote, edited or photographed, not what happened.
BYLINE = re.compile(
    r"^\W{0,3}(?:by|par|por|von|written by|posted by|published by|édité par|rédigé par|écrit par|publié par|"
    r"traduit par|photos?|crédit|credit|source|auteur|author|"
    r"بقلم|كتب|كتبه|إعداد|تحرير|المصدر|ترجمة|متابعة)\b\s*:?\s*",
    re.IGNORECASE,
)

# "- in International": the section as a blog theme writes it under the headline.
SECTION = re.compile(
    r"^\W{0,3}(?:in|dans|en|posted in|filed under|publié dans la rubrique|rubrique|catégorie|category|section|"
    r"القسم|في قسم|تصنيف)(?:\s*+:)?\s++(?P<section>[^\W\d_][^.!?]{1,39})$",
    re.IGNORECASE,
)

# "Publié dans Barlamane le ...": where a line of origin names the outlet, before the date.
ORIGIN = re.compile(
    r"^\W{0,3}(?:publiée?|parue?|published|publicad[oa]|erschienen|pubblicato|نشر|نشرت|نُشر)\s(?:dans|in|en|su|"
    r"في)\s(?P<outlet>[^\d,|]{2,40}?)"
    r"\s(?:(?:le|on|el|am|il|يوم|بتاريخ|[-–|(])\s|(?=\d))",
    re.IGNORECASE,
)
DOMAIN_NAME = re.compile(
    r"(?<![\w@.-])(?:www\.)?([A-Za-z0-9][A-Za-z0-9-]{1,40}\.(?:com|net|org|info|ma|dz|tn|eg|fr|news|press|tv|"
    r"co\.uk|es|de|it|sa|ae|qa|lb|jo|ps))(?![\w-])"
)
