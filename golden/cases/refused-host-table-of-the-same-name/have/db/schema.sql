-- MariaDB dump
CREATE TABLE `Sessions` (`id` uuid NOT NULL DEFAULT uuid(), PRIMARY KEY (`id`));
